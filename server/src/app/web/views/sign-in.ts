import { element, field, form, link, paragraph, typedText } from "../elements.ts";
import { BASE, type Scene, signIn } from "../site.ts";

/** What the server says when somebody comes back from an identity provider without being let in. */
const REFUSALS: Readonly<Record<string, string>> = {
  disabled: "This account is disabled. Ask an administrator.",
  registration: "There is no account for you here yet. Ask an administrator for an invitation.",
};

const usernameField = () =>
  field(
    "Name",
    element("input", { name: "username", autocomplete: "username", required: true, autocapitalize: "none" }),
  );

/** A field for a password: one that is known, or a new one. */
export const passwordField = (text: string, isNew: boolean) =>
  field(
    text,
    element("input", {
      name: "password",
      type: "password",
      autocomplete: isNew ? "new-password" : "current-password",
      required: true,
    }),
    isNew ? "Six characters or more." : null,
  );

/** Draws the sign-in. */
export function drawSignIn(scene: Scene, error: string): Node {
  const { client, heartbeat } = scene;
  const said = paragraph("", "wrong");
  said.setAttribute("role", "alert");
  if (error !== "") {
    said.textContent =
      REFUSALS[error] ?? "The identity provider did not sign you in. Try again, or ask an administrator.";
  }
  const sent = (typed: FormData, send: HTMLButtonElement) =>
    scene.work(async () => {
      said.textContent = "";
      const refusal = await signIn(client, typedText(typed, "username"), String(typed.get("password")));
      if (refusal !== null) {
        said.textContent = refusal;
        return;
      }
      await scene.enter(location.hash.startsWith("#/sign-in") ? "#/" : location.hash || "#/");
    }, send);
  const { ENABLED, PROVIDER } = heartbeat.OIDC;
  return element(
    "div",
    { class: "narrow" },
    element("h1", {}, "Sign in"),
    said,
    heartbeat.FRONTEND.DISABLE_USERPASS_LOGIN
      ? null
      : form("Sign in", [usernameField(), passwordField("Password", false)], sent),
    ENABLED
      ? element("p", {}, link(`${BASE}/api/login/openid`, `Sign in with ${PROVIDER || "OpenID"}`))
      : null,
    heartbeat.FRONTEND.DISABLE_USERPASS_LOGIN
      ? null
      : element("p", {}, link("#/forgotten", "Forgot your password?")),
  );
}

export { usernameField };
