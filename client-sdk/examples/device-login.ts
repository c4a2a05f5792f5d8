/**
 * Signs in without a password: shows a code, waits until somebody approves it on another device, and stays signed
 * in from then on.
 *
 *     bun device-login.ts http://nas.local:8080 ~/.config/shelf.json [name of this device]
 */
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { type Client, createClient, hasErrorCode } from "@multitap/client";
import { fileCredentials } from "@multitap/client/node";

/** Runs the example; `signal` ends the wait. */
export async function main(
  args: readonly string[],
  show: (line: string) => void,
  signal?: AbortSignal,
): Promise<number> {
  const [url, path, deviceName = hostname()] = args;
  if (url === undefined || path === undefined) {
    show("usage: device-login <url> <file for the credentials> [name of this device]");
    return 2;
  }
  const app = { name: "device-login", version: "1.0.0" };
  const client = createClient({ url, auth: fileCredentials(path), app });
  try {
    if ((await client.auth.ready).status !== "signed_in") await signIn(client, deviceName, { show, signal });
    const { username } = await client.users.me({ signal });
    show(`signed in as ${username}`);
    return 0;
  } catch (error) {
    if (hasErrorCode(error, "DEVICE_FLOW_DENIED")) show("the request was refused");
    else if (hasErrorCode(error, "DEVICE_FLOW_EXPIRED")) show("nobody approved in time; try again");
    else throw error;
    return 1;
  } finally {
    await client.close();
  }
}

interface Surroundings {
  readonly show: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

async function signIn(client: Client, deviceName: string, { show, signal }: Surroundings): Promise<void> {
  const flow = await client.auth.startDeviceFlow({
    // The same device each time, so that signing in again replaces its token.
    deviceIdentifier: `device-login ${deviceName}`,
    deviceName,
    scopes: ["me.read", "roms.read"],
  });
  show(`Enter ${flow.userCode} at ${flow.verificationUrl}`);
  await flow.approved({ signal });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  process.exitCode = await main(process.argv.slice(2), (line) => console.log(line), controller.signal);
}
