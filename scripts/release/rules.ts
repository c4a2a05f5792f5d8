/** What has to be so before a release, as pure decisions over texts. */

/** A `package.json`, as far as a release looks at it. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A version in its parts; what comes before a release of the same number is smaller. */
interface Version {
  readonly numbers: readonly [number, number, number];
  readonly preview: string | null;
}

function parseVersion(text: string): Version | null {
  const found = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9a-z.-]+))?$/.exec(text);
  if (found === null) return null;
  const [, major, minor, patch, preview = null] = found;
  return { numbers: [Number(major), Number(minor), Number(patch)], preview };
}

function compareVersions(a: Version, b: Version): number {
  for (const [index, number] of a.numbers.entries()) {
    const difference = number - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.preview === b.preview) return 0;
  if (a.preview === null || b.preview === null) return a.preview === null ? 1 : -1;
  return a.preview.localeCompare(b.preview, "en", { numeric: true });
}

/** Whether the text is a version, and a later one than all tags such as `v0.1.0`. */
export function findVersionFaults(version: string, tags: readonly string[]): readonly string[] {
  const wanted = parseVersion(version);
  if (wanted === null) return [`"${version}" is not a version such as 0.2.0`];
  return tags.flatMap((tag) => {
    const known = parseVersion(tag.replace(/^v/, ""));
    return known !== null && compareVersions(wanted, known) <= 0 ? [`${tag} is not before ${version}`] : [];
  });
}

/** Whether all packages of the repository have the version, and name each other by it. */
export function findManifestFaults(version: string, manifests: readonly Manifest[]): readonly string[] {
  const own = new Set(manifests.map(({ name }) => name));
  return manifests.flatMap(({ name, version: found, dependencies, devDependencies }) => [
    ...(found === version ? [] : [`${name} has the version ${found}`]),
    ...Object.entries({ ...dependencies, ...devDependencies })
      .filter(([other, range]) => own.has(other) && range !== version)
      .map(([other, range]) => `${name} depends on ${other} ${range}`),
  ]);
}

/** What a changelog says of a version; null when it says nothing. */
export function findChanges(changelog: string, version: string): string | null {
  const parts = changelog.split(/^## /m).slice(1);
  const part = parts.find((each) => /^\S+/.exec(each)?.[0] === version);
  const text = part?.slice(part.indexOf("\n") + 1).trim() ?? "";
  return text === "" ? null : text;
}
