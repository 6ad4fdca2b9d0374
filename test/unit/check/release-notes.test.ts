import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { sectionOf } from '../../../.config/release-notes.ts';

const changelog = `# Changelog

## [Unreleased]

soon

## [1.1.0] - 2026-01-02

### Added

- this

## [1.0.0] - 2025-12-01

- that
`;

test('the notes of a release are its section of the changelog, and nothing of another one', () => {
  expect(sectionOf(changelog, '1.1.0')).toBe('### Added\n\n- this');
  expect(sectionOf(changelog, '1.0.0')).toBe('- that');
});

test('a version that is not described has no notes, so that its release fails', () => {
  expect(sectionOf(changelog, '1.1')).toBeUndefined();
  expect(sectionOf(changelog, '2.0.0')).toBeUndefined();
});

test('CHANGELOG.md has the form that releases are read from', async () => {
  expect(sectionOf(await readFile('CHANGELOG.md', 'utf8'), 'Unreleased')).toBeTruthy();
});
