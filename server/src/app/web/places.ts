/** Places of the page, which stand behind the `#` of the address: what is before it is the proxy's. */

export type Place =
  | { readonly name: "library"; readonly platformId: number | null; readonly search: string }
  | { readonly name: "game"; readonly romId: number }
  | { readonly name: "rooms" | "devices" | "scan" | "tasks" | "setup" | "forgotten" }
  | { readonly name: "pair"; readonly code: string }
  | { readonly name: "sign-in"; readonly error: string }
  | { readonly name: "register" | "reset-password"; readonly token: string };

const PLAIN = ["rooms", "devices", "scan", "tasks", "setup", "forgotten"] as const;

/** Reads where an address leads; to the library when it leads nowhere. */
export function parsePlace(hash: string): Place {
  const [, path = "", query = ""] = /^#?\/?([^?]*)\??(.*)$/.exec(hash) ?? [];
  const said = new URLSearchParams(query);
  const [name = "", id = ""] = path.split("/");
  const plain = PLAIN.find((each) => each === name);
  if (plain !== undefined) return { name: plain };
  if (name === "game" && /^\d{1,15}$/.test(id)) return { name: "game", romId: Number(id) };
  if (name === "pair") return { name, code: said.get("code") ?? "" };
  if (name === "sign-in") return { name, error: said.get("error") ?? "" };
  if (name === "register" || name === "reset-password") return { name, token: said.get("token") ?? "" };
  const platform = said.get("platform") ?? "";
  const platformId = /^\d{1,15}$/.test(platform) ? Number(platform) : null;
  return { name: "library", platformId, search: said.get("search") ?? "" };
}

/** The address of the library, or of a part of it. */
export function libraryHash(platformId: number | null, search = ""): string {
  const said = new URLSearchParams();
  if (platformId !== null) said.set("platform", String(platformId));
  if (search !== "") said.set("search", search);
  return said.size === 0 ? "#/" : `#/?${said}`;
}

/** Places that are open to people who are not signed in. */
export function isOpen({ name }: Place): boolean {
  return ["sign-in", "register", "reset-password", "forgotten"].includes(name);
}
