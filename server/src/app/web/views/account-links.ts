import { element, form, link, paragraph, typedText } from "../elements.ts";
import { type Scene, signIn } from "../site.ts";
import { passwordField, usernameField } from "./sign-in.ts";

/** Draws the page that an invitation leads to. */
export function drawRegister(scene: Scene, token: string): Node {
  const register = (typed: FormData, send: HTMLButtonElement) =>
    scene.work(async () => {
      const username = typedText(typed, "username");
      const password = String(typed.get("password"));
      await scene.client.users.register({ token, username, password });
      await signIn(scene.client, username, password);
      await scene.enter("#/");
    }, send);
  return element(
    "div",
    { class: "narrow" },
    element("h1", {}, "Welcome"),
    paragraph("You were invited. Choose a name and a password."),
    form("Make my account", [usernameField(), passwordField("Password", true)], register),
  );
}

/** Draws the page that a link for a new password leads to. */
export function drawReset(scene: Scene, token: string): Node {
  const reset = (typed: FormData, send: HTMLButtonElement) =>
    scene.work(async () => {
      await scene.client.users.resetPassword({ token, newPassword: String(typed.get("password")) });
      await scene.enter("#/sign-in");
    }, send);
  return element(
    "div",
    { class: "narrow" },
    element("h1", {}, "New password"),
    form("Set password", [passwordField("New password", true)], reset),
  );
}

/** Draws the page that asks for such a link. */
export function drawForgotten(scene: Scene): Node {
  const ask = (typed: FormData, send: HTMLButtonElement) =>
    scene.work(async () => {
      await scene.client.users.askPasswordReset(typedText(typed, "username"));
      scene.say("If there is such an account, a link is on its way: by mail, or in the server's log.");
    }, send);
  return element(
    "div",
    { class: "narrow" },
    element("h1", {}, "Forgot your password?"),
    form("Send me a link", [usernameField()], ask),
    element("p", {}, link("#/sign-in", "Back")),
  );
}
