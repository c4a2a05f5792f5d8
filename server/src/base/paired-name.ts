/** A file by its name. */
export interface NamedFile {
  readonly fileName: string;
  readonly fileNameNoExt: string;
}

/**
 * Finds files that belong to another by their names: the name, with or without its ending, is the other's, with or
 * without its ending. A file that is called as the whole other name goes first, then the one of the highest id.
 */
export function pairByName<T extends NamedFile & { readonly id: number }>(
  candidates: readonly T[],
): (file: NamedFile) => T | null {
  const byName = new Map<string, T[]>();
  for (const candidate of candidates) {
    for (const name of new Set([candidate.fileName, candidate.fileNameNoExt])) {
      const same = byName.get(name);
      if (same === undefined) byName.set(name, [candidate]);
      else same.push(candidate);
    }
  }
  return (file) => {
    const names = [file.fileName, file.fileNameNoExt];
    const found = names.flatMap((name) => byName.get(name) ?? []);
    const rank = (each: T) => (each.fileNameNoExt === file.fileName ? 1 : 0);
    const [best] = found.sort((a, b) => rank(b) - rank(a) || b.id - a.id);
    return best ?? null;
  };
}
