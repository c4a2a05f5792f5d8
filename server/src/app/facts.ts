import { join } from "node:path";
import packageFile from "../../package.json" with { type: "json" };
import type { Facts } from "../base/facts.ts";
import type { Config } from "./config.ts";

/** Our own version. */
export const VERSION: string = packageFile.version;

/** What operations may know of the configuration. */
export function createFacts(config: Config, secretKey: string): Facts {
  return {
    version: VERSION,
    basePath: config.basePath,
    libraryPath: join(config.basePath, "library"),
    resourcesPath: join(config.basePath, "resources"),
    assetsPath: join(config.basePath, "assets"),
    tempPath: config.tempPath,
    secretKey,
    publicUrl: config.publicUrl,
    isKiosk: config.isKiosk,
    isCsrfOn: config.isCsrfOn,
    isSecureCookie: config.isSecureCookie,
    isDownloadPublic: config.isDownloadPublic,
    sessionMaxAgeMs: config.sessionMaxAgeMs,
    accessTokenMs: config.accessTokenMs,
    refreshTokenMs: config.refreshTokenMs,
    inviteTokenMs: config.inviteTokenMs,
    oidc: config.oidc,
    tasks: config.tasks,
    backups: config.backups,
    patching: config.patching,
    assets: config.assets,
    sync: config.sync,
    relay: config.relay,
    netplay: config.netplay,
    relayRooms: config.relayRooms,
    flags: config.flags,
    tinfoilWelcome: config.tinfoilWelcome,
  };
}
