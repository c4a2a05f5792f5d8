/** Lists of what a release is made of, in CycloneDX's form. */

/** Somebody else's package. */
export interface Component {
  readonly name: string;
  readonly version: string;
  /** As it names it itself; null when it does not. */
  readonly license: string | null;
}

/** An entry of `package-lock.json`. */
interface LockedPackage {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
}

/** The packages that a server runs with: everything in the lock that is not for development alone. */
export function listLocked(lock: {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}): readonly Component[] {
  const found = new Map<string, Component>();
  for (const [path, { name, version, license, dev, devOptional, link }] of Object.entries(lock.packages)) {
    const at = path.lastIndexOf("node_modules/");
    if (at < 0 || version === undefined || dev || devOptional || link) continue;
    const component = {
      name: name ?? path.slice(at + "node_modules/".length),
      version,
      license: license ?? null,
    };
    found.set(`${component.name}@${version}`, component);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const toPurl = ({ name, version }: Pick<Component, "name" | "version">) =>
  `pkg:npm/${name.replace("@", "%40")}@${version}`;

/** One document; the same parts give the same bytes. */
export function formatSbom(
  subject: { readonly name: string; readonly version: string },
  components: readonly Component[],
): string {
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      component: { type: "application", ...subject, "bom-ref": toPurl(subject), purl: toPurl(subject) },
    },
    components: components.map((component) => ({
      type: "library",
      "bom-ref": toPurl(component),
      name: component.name,
      version: component.version,
      ...(component.license !== null && { licenses: [{ expression: component.license }] }),
      purl: toPurl(component),
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
