import { describe, expect, it } from 'vitest';
import { releaseNumber } from './release.ts';

describe('releaseNumber', () => {
  it.each([
    ['2025.1', 31],
    ['2023.1', 27],
    ['2026.1', 33],
    ['zed', 26],
    ['Caracal', 29],
    ['31', 31],
    ['31.0.2', 31],
    ['2:26.2.2-1~deb12u5', 26],
    ['3:29.0.1-0ubuntu1~cloud0', 29],
    ['33.0.0~b2', 33],
    ['nonsense', undefined],
    ['', undefined],
    ['2025.3', undefined],
  ])('%s is %s', (text, number) => {
    expect(releaseNumber(text)).toBe(number);
  });
});
