import type { OidcFacts } from "../base/facts.ts";
import { StartError } from "./config-errors.ts";
import { type Environment, flagOf, textOf } from "./read-environment.ts";
import type { VariableName } from "./variables.ts";

/** The operator's mail server. */
export interface SmtpConfig {
  readonly url: string;
  readonly from: string;
}

/**
 * Reads how people sign in by an identity provider.
 * @returns Null while it is off.
 * @throws StartError `E_CONFIG` when it is on and something it cannot do without is missing or unusable.
 */
export function readOidc(environment: Environment): OidcFacts | null {
  if (!flagOf(environment, "OIDC_ENABLED")) return null;
  const text = (name: VariableName) => (textOf(environment, name) ?? "").trim();
  return {
    providerName: text("OIDC_PROVIDER"),
    clientId: text("OIDC_CLIENT_ID"),
    clientSecret: text("OIDC_CLIENT_SECRET"),
    redirectUri: readUrl(environment, "OIDC_REDIRECT_URI"),
    discoveryUrl: readDiscoveryUrl(environment),
    isAutologin: flagOf(environment, "OIDC_AUTOLOGIN"),
    isRegistrationAllowed: flagOf(environment, "OIDC_ALLOW_REGISTRATION"),
    rolesClaim: text("OIDC_CLAIM_ROLES"),
    roleNames: {
      viewer: text("OIDC_ROLE_VIEWER"),
      editor: text("OIDC_ROLE_EDITOR"),
      admin: text("OIDC_ROLE_ADMIN"),
    },
    usernameAttribute: text("OIDC_USERNAME_ATTRIBUTE"),
    caFile: textOf(environment, "OIDC_TLS_CACERTFILE"),
    isLogoutForwarded: flagOf(environment, "OIDC_RP_INITIATED_LOGOUT"),
    endSessionEndpoint: readUrl(environment, "OIDC_END_SESSION_ENDPOINT"),
  };
}

function readDiscoveryUrl(environment: Environment): string {
  const document = readUrl(environment, "OIDC_SERVER_METADATA_URL");
  if (document !== "") return document;
  const issuer = readUrl(environment, "OIDC_SERVER_APPLICATION_URL");
  return issuer === "" ? "" : `${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`;
}

/** Empty when unset: the sign-in then answers that it is not configured, as existing frontends expect. */
function readUrl(environment: Environment, name: VariableName): string {
  const text = (textOf(environment, name) ?? "").trim();
  if (text === "") return "";
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return text;
  throw new StartError("E_CONFIG", `${name} is ${JSON.stringify(text)}. Accepted: an http or https address.`);
}

/**
 * Reads the mail server.
 * @returns Null when there is none.
 * @throws StartError `E_CONFIG` when the address is no smtp one, or the sender is missing.
 */
export function readMail(environment: Environment): SmtpConfig | null {
  const url = textOf(environment, "MULTITAP_SMTP_URL");
  if (url === null) return null;
  if (!/^smtps?:\/\/./.test(url)) {
    throw new StartError(
      "E_CONFIG",
      "MULTITAP_SMTP_URL is (hidden). Accepted: smtp://user:password@host:port or smtps://.",
    );
  }
  const from = textOf(environment, "MULTITAP_MAIL_FROM");
  if (from !== null) return { url, from };
  throw new StartError("E_CONFIG", "MULTITAP_MAIL_FROM is unset; it is needed with MULTITAP_SMTP_URL.");
}
