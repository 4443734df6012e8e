import { TaskError } from '../../contract/task-error.ts';

export interface CatalogEndpoint {
  readonly interface: string;
  readonly url: string;
  readonly region?: string | null;
  readonly region_id?: string | null;
}

/** A service as keystone's catalogue lists it. */
export interface CatalogService {
  readonly type: string;
  readonly endpoints: readonly CatalogEndpoint[];
}

export interface EndpointQuestion {
  readonly type: string;
  readonly interface: string;
  readonly regionName?: string;
}

/** @throws {TaskError} when the catalogue has no such endpoint, or one in each of several regions */
export function endpointOf(catalog: readonly CatalogService[], wanted: EndpointQuestion): string {
  const services = catalog.filter(({ type }) => type === wanted.type);
  if (services.length === 0)
    throw new TaskError(
      `the catalogue has no ${wanted.type} service; it has ${listed(catalog.map(({ type }) => type))}. Is its endpoint registered in keystone?`,
    );
  const endpoints = services.flatMap((service) => service.endpoints);
  const sided = endpoints.filter((endpoint) => endpoint.interface === wanted.interface);
  if (sided.length === 0)
    throw new TaskError(
      `the ${wanted.type} service has no ${wanted.interface} endpoint; it has ${listed(endpoints.map((one) => one.interface))}. \`interface\` chooses`,
    );
  return inRegion(sided, wanted).url.replace(/\/+$/, '');
}

function inRegion(endpoints: readonly CatalogEndpoint[], { type, regionName }: EndpointQuestion): CatalogEndpoint {
  const regions = [...new Set(endpoints.map(regionOf))];
  const found = regionName === undefined ? endpoints : endpoints.filter((one) => regionOf(one) === regionName);
  const [first] = found;
  if (!first)
    throw new TaskError(`the ${type} service has no endpoint in the region ${regionName}; it has ${listed(regions)}`);
  if (regionName === undefined && regions.length > 1)
    throw new TaskError(
      `the ${type} service has endpoints in the regions ${listed(regions)}; say which with \`region_name\``,
    );
  return first;
}

function regionOf({ region_id, region }: CatalogEndpoint): string {
  return region_id ?? region ?? '';
}

function listed(names: readonly string[]): string {
  return [...new Set(names)].join(', ') || 'none';
}
