import type { RelayFacts } from "../base/facts.ts";
import { parseTrustedProxies } from "../http/public-url.ts";
import { StartError } from "./config-errors.ts";
import { type Environment, intOf, listOf, textOf } from "./read-environment.ts";

/** Every address there is. */
const ALL = ["0.0.0.0/0", "::/0"];

/**
 * Reads how the relay for RetroArch is set up.
 * @param isOn This process has the role.
 * @throws StartError `E_CONFIG` for what is no address, also while it is off.
 */
export function readRelay(environment: Environment, isOn: boolean): RelayFacts {
  const port = intOf(environment, "MULTITAP_RELAY_PORT") ?? 0;
  const items = listOf(environment, "MULTITAP_RELAY_ALLOW");
  const allowed = parseTrustedProxies(items.flatMap((item) => (item === "all" ? ALL : [item])));
  if (allowed === null) {
    throw new StartError(
      "E_CONFIG",
      `MULTITAP_RELAY_ALLOW is ${JSON.stringify(items.join(","))}. Accepted: CIDR addresses, loopback, private, all or none.`,
    );
  }
  return { port: isOn ? port : null, ...readAddress(environment), allows: (address) => allowed.has(address) };
}

function readAddress(environment: Environment): Pick<RelayFacts, "address" | "toldPort"> {
  const text = textOf(environment, "MULTITAP_RELAY_ADDRESS");
  if (text === null) return { address: null, toldPort: null };
  const url = /[/?#@|\s]/.test(text) ? null : URL.parse(`tcp://${text}`);
  if (url === null || url.hostname === "") {
    throw new StartError(
      "E_CONFIG",
      `MULTITAP_RELAY_ADDRESS is ${JSON.stringify(text)}. Accepted: name, name:port, an address or [IPv6]:port.`,
    );
  }
  const address = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { address, toldPort: url.port === "" ? null : Number(url.port) };
}
