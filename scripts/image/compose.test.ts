// The compose examples say what the server and the image understand.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { readConfig } from "../../server/src/app/config.ts";
import { VARIABLES } from "../../server/src/app/variables.ts";
import { USUAL_CAPABILITIES } from "./container.testing.ts";
import { readIdentity } from "./identity.ts";

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly user?: string;
  readonly stop_grace_period?: string;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>;
}

const FOLDER = join(import.meta.dir, "../../server/docker");
/** What only the launcher reads. */
const LAUNCHER_VARIABLES = ["PUID", "PGID", "UMASK", "MULTITAP_CHOWN"];

function readExample(name: string): Compose {
  return parse(readFileSync(join(FOLDER, name), "utf8"), { merge: true }) as Compose;
}

const examples = ["compose.yaml", "compose.replicas.yaml"].map((name) => ({
  name,
  example: readExample(name),
}));
const ours = examples.flatMap(({ name, example }) =>
  Object.entries(example.services)
    .filter(([, { image }]) => image === "multitap")
    .map(([service, parts]) => ({ name, service, parts })),
);

describe.each(ours)("$name: $service", ({ parts }) => {
  const environment = parts.environment ?? {};

  test("knows every variable, and takes its value", () => {
    const names = Object.keys(environment).map((name) => name.replace(/_FILE$/, ""));
    const known = [...Object.keys(VARIABLES), ...LAUNCHER_VARIABLES];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    // Secrets are files that exist only there.
    const values = Object.entries(environment).filter(([name]) => !name.endsWith("_FILE"));
    expect(() => readConfig(Object.fromEntries(values), { defaultBasePath: "/romm" })).not.toThrow();
    expect(() => readIdentity(environment)).not.toThrow();
  });

  test("gives a stop the time it takes, a data folder that lasts, and no right it does not use", () => {
    expect(parts.stop_grace_period).toBe("30s");
    expect(parts.volumes?.[0]).toBe("data:/romm");
    expect(existsSync(join(FOLDER, parts.build ?? "", "Dockerfile"))).toBe(true);
    expect(parts.cap_drop).toEqual(["ALL"]);
    const rights =
      parts.user === undefined ? USUAL_CAPABILITIES.map((name) => name.toUpperCase()) : undefined;
    expect(parts.cap_add).toEqual(rights as string[]);
  });
});

describe.each(examples)("$name", ({ example }) => {
  test("names nothing that is not there", () => {
    const mounts = Object.values(example.services).flatMap(({ volumes = [] }) =>
      volumes.map((each) => each.split(":")[0] ?? ""),
    );
    const named = mounts.filter((source) => !source.startsWith("."));
    expect(named.filter((source) => !(source in (example.volumes ?? {})))).toEqual([]);
    const files = mounts.filter((source) => source.endsWith(".conf"));
    expect(files.filter((source) => !existsSync(join(FOLDER, source)))).toEqual([]);
    const secrets = Object.values(example.services).flatMap((service) => service.secrets ?? []);
    expect(secrets.filter((secret) => !(secret in (example.secrets ?? {})))).toEqual([]);
  });
});

test("nginx of the replicas reaches both of them", () => {
  const text = readFileSync(join(FOLDER, "nginx.replicas.conf"), "utf8");
  const names = [...text.matchAll(/^ *server (\w+):8080;$/gm)].map(([, name]) => name);
  expect(names.sort()).toEqual(
    ours.flatMap(({ name, service }) => (name === "compose.replicas.yaml" ? [service] : [])).sort(),
  );
});
