import { connect } from "node:tls";
import { URL_TIMEOUT_MS } from "../limits.ts";

const EXPIRED = "the certificate has expired. See why it is not renewed";
const SELF_SIGNED =
  "nobody vouches for the certificate, so apps refuse it. Use one of a public authority (Let's Encrypt), or give NODE_EXTRA_CA_CERTS and every device the authority's own";
const OTHER_NAME =
  "the certificate is for another name. Get one for this name, or use the name that it is for";
const INCOMPLETE =
  "the proxy does not send the whole chain of certificates. Give it the full chain (fullchain.pem), not the certificate alone";

/** What codes of a failed TLS connection mean for an operator. */
const MEANINGS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: "the certificate is not valid yet. Check the clocks of this machine and of the proxy",
  DEPTH_ZERO_SELF_SIGNED_CERT: SELF_SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: SELF_SIGNED,
  UNABLE_TO_GET_ISSUER_CERT: INCOMPLETE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: INCOMPLETE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: INCOMPLETE,
  ERR_TLS_CERT_ALTNAME_INVALID: OTHER_NAME,
  HOSTNAME_MISMATCH: OTHER_NAME,
  CERT_REVOKED: "the certificate was revoked. Get a new one",
};

/** Says what is wrong with TLS; null when the failure is another one. */
export function describeTlsFailure(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  const code = String(error.code);
  const meaning = MEANINGS[code];
  if (meaning !== undefined) return `${meaning} [${code}]`;
  if (!/CERT|SSL|TLS|EPROTO/.test(code)) return null;
  return `TLS cannot be spoken there. Check that the proxy's https port is meant, not its http port [${code}]`;
}

const MS_PER_DAY = 24 * 60 * 60 * 1000;

/** Days until the certificate of an address ends; null when that cannot be found out. */
export async function readCertificate(
  url: string,
  options: { readonly ca?: unknown } | undefined,
): Promise<number | null> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? 443 : Number(port),
    servername: /^[\d.]+$|:/.test(hostname) ? undefined : hostname,
    // The check before has verified it; here only its end is read.
    rejectUnauthorized: false,
    ...(options?.ca === undefined ? {} : { ca: options.ca as string }),
  });
  const timer = setTimeout(() => resolve(null), URL_TIMEOUT_MS);
  socket.once("secureConnect", () => {
    const end = Date.parse(socket.getPeerCertificate().valid_to);
    resolve(Number.isNaN(end) ? null : Math.floor((end - Date.now()) / MS_PER_DAY));
  });
  socket.once("error", () => resolve(null));
  const days = await promise;
  clearTimeout(timer);
  socket.destroy();
  return days;
}
