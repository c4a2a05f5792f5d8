/** What an Authorization header offers. */
export type Credential =
  | { readonly kind: "none" }
  /** A header that proves nothing: not two words, or a Basic value that cannot be read. */
  | { readonly kind: "unreadable" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "client_token"; readonly token: string }
  | { readonly kind: "access_token"; readonly token: string }
  /** Another scheme: as if there were no header. */
  | { readonly kind: "other" };

const CLIENT_TOKEN_PREFIX = "rmm_";
const TWO_WORDS = /^\s*(\S+)\s+(\S+)\s*$/;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Reads an Authorization header. */
export function parseAuthorization(header: string | null): Credential {
  if (header === null) return { kind: "none" };
  const [, scheme, value] = TWO_WORDS.exec(header) ?? [];
  if (scheme === undefined || value === undefined) return { kind: "unreadable" };
  switch (scheme.toLowerCase()) {
    case "basic":
      return parseBasic(value);
    case "bearer":
      return { kind: value.startsWith(CLIENT_TOKEN_PREFIX) ? "client_token" : "access_token", token: value };
    default:
      return { kind: "other" };
  }
}

function parseBasic(value: string): Credential {
  if (!BASE64.test(value)) return { kind: "unreadable" };
  const text = Buffer.from(value, "base64").toString();
  const colon = text.indexOf(":");
  if (colon < 0) return { kind: "unreadable" };
  return { kind: "basic", username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Tells whether a header's first word is Basic or Bearer: cookies then prove nothing and need no CSRF check. */
export function hasCredentialScheme(header: string | null): boolean {
  return header !== null && /^\s*(basic|bearer)(\s|$)/i.test(header);
}
