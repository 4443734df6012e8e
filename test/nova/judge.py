#!/usr/bin/python3
"""Lets Nova's own code say what configuration files mean. One JSON question a line in, one JSON answer a line out.

A question names files and directories by the words of a service's command line, and optionally the PCI devices of a
host. Each part of the answer is what Nova made of it, or {"error": class and message}.
Needs Debian's python3-nova (26.2, Zed).
"""
import functools
import json
import os
import sys
from importlib import metadata

import nova.conf
from nova import objects
from nova.compute import pci_placement_translator
from nova.objects import fields
from nova.pci import request, utils, whitelist
from nova.scheduler import filters
from oslo_config import cfg

objects.register_all()
CONF = nova.conf.CONF
HANDLER = filters.HostFilterHandler()
PHYSICAL_FUNCTIONS = set()


def is_physical_function(domain, bus, slot, function):
    """sysfs of the host that is asked about, not of this machine."""
    return '%s:%s:%s.%s' % (domain, bus, slot, function) in PHYSICAL_FUNCTIONS


utils.is_physical_function = is_physical_function


def answer(ask):
    # What Nova raises over a configuration is the answer here, whatever its class.
    try:
        return ask()
    except BaseException as error:
        return {'error': '%s: %s' % (type(error).__name__, error)}


def load(question):
    words = question.get('words') or ['--config-file', os.devnull]
    CONF(words, project='nova', prog='nova-compute', version='26', default_config_files=[], default_config_dirs=[])


def plain(value):
    return value if isinstance(value, (str, int, float, bool, list, dict, type(None))) else str(value)


def everything():
    """Every registered option as the services read it, or the error in its place."""
    return {'%s/%s' % (group.name if group else 'DEFAULT', key): answer(lambda: plain(CONF._get(key, group)))
            for group, key in OPTIONS}


def values():
    return {name: value for name, value in everything().items() if value != UNSET[name]}


def assigned():
    """Sections, keys and values of each file as oslo.config parsed them, in reading order."""
    return list(reversed(CONF._namespace._parsed))


def specs(devices):
    listed = CONF.pci.device_spec
    found = whitelist.Whitelist(listed)
    if CONF.pci.report_in_placement:
        pci_placement_translator.ensure_no_dev_spec_with_devname(found.specs)
    given = {}
    for device in devices:
        first = next((i for i, spec in enumerate(found.specs) if spec.match(device)), None)
        assert found.device_assignable(device) == (first is not None)
        given[device['address']] = first
    return {'count': len(found.specs), 'given': given}


def placement(devices):
    """The resource providers nova-compute would make of the devices it gives to guests."""
    found = whitelist.Whitelist(CONF.pci.device_spec)
    view = pci_placement_translator.PlacementView('host', [])
    for device in devices:
        spec = next((one for one in found.specs if one.match(device)), None)
        kind = 'type-VF' if device['parent_addr'] else 'type-PF'
        view.process_dev(objects.PciDevice(
            address=device['address'], vendor_id=device['vendor_id'], product_id=device['product_id'],
            parent_addr=device['parent_addr'], dev_type=kind, status='available', instance_uuid=None), spec)
    return {name: provider.resource_class for name, provider in view.rps.items()}


def requestable():
    """Aliases that a flavor can ask for."""
    return [name for name in request._get_alias_from_config()
            if not isinstance(answer(lambda: request._translate_alias_to_requests(name + ':1')), dict)]


@functools.cache
def known_filters(available):
    return {one.__name__ for one in HANDLER.get_matching_classes(available)}


def cpus():
    """None where nova-compute's libvirt driver takes the sets of CPUs."""
    from nova.virt.libvirt import driver  # costs more than all of the others
    return driver.LibvirtDriver._check_cpu_set_configuration(None)


def enabled():
    known = known_filters(tuple(CONF.filter_scheduler.available_filters))
    wanted = CONF.filter_scheduler.enabled_filters
    unknown = [name for name in wanted if name not in known]
    if unknown:
        return {'error': 'SchedulerHostFilterNotFound: %s' % ', '.join(unknown)}
    return wanted


def mdevs():
    """Addresses for each type of mediated devices that is enabled; the sections are known only after loading."""
    nova.conf.devices.register_dynamic_opts(CONF)
    return {kind: CONF['mdev_' + kind].device_addresses for kind in CONF.devices.enabled_mdev_types}


def names():
    """Registered options with the older names under which Nova takes them."""
    return {'%s/%s' % (group.name if group else 'DEFAULT', key):
            ['%s/%s' % (old.group or (group.name if group else 'DEFAULT'), old.name or key)
             for old in (group or CONF)._opts[key]['opt'].deprecated_opts]
            for group, key in OPTIONS}


# What nova.conf can hold, as the generator of its sample is told (etc/nova/nova-config-generator.conf).
NAMESPACES = {'nova.conf', 'oslo.cache', 'oslo.db', 'oslo.limit', 'oslo.messaging', 'oslo.middleware', 'oslo.policy',
              'keystonemiddleware.auth_token'}


def listed(asked):
    found = [entry.load()() for entry in metadata.entry_points()['oslo.config.opts'] if entry.name in NAMESPACES]
    return sorted({'%s/%s' % (group or 'DEFAULT', option.dest)
                   for groups in found for group, options in groups for option in options if asked(option)})


def tables():
    """What Nova itself has to say about options, filters and keys of aliases."""
    return {
        'names': names(),
        'filters': sorted(known_filters(('nova.scheduler.filters.all_filters',))),
        'default_filters': CONF._groups['filter_scheduler']._opts['enabled_filters']['opt'].default,
        'alias_keys': sorted(request._ALIAS_SCHEMA['properties']),
        'secrets': listed(lambda option: option.secret),
        'repeatable': listed(lambda option: option.multi),
        'numa_policies': sorted(fields.PCINUMAAffinityPolicy.ALL),
    }


def judge(question):
    failed = answer(lambda: load(question))
    if failed:
        return {'unreadable': failed['error']}
    devices = question.get('devices', [])
    PHYSICAL_FUNCTIONS.clear()
    PHYSICAL_FUNCTIONS.update(question.get('physical_functions', []))
    asked = {
        'aliases': request._get_alias_from_config,
        'requestable': requestable,
        'specs': lambda: specs(devices),
        'filters': enabled,
        'alias_values': lambda: CONF.pci.alias,
        'spec_values': lambda: CONF.pci.device_spec,
    }
    for name, ask in {'values': values, 'assigned': assigned, 'cpus': cpus, 'tables': tables, 'mdevs': mdevs,
                      'placement': lambda: placement(devices)}.items():
        if name in question.get('also', []):
            asked[name] = ask
    return {name: answer(ask) for name, ask in asked.items()}


load({})
# Logging registers some more when it first complains.
OPTIONS = [(group, key) for group in [None, *CONF._groups.values()] for key in (group or CONF)._opts
           if key not in ('config_file', 'config_dir', 'config_source')]
UNSET = everything()

# What Nova prints, warnings among it, must not end up between the answers.
ANSWERS = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
for line in sys.stdin:
    ANSWERS.write(json.dumps(judge(json.loads(line))) + '\n')
    ANSWERS.flush()
