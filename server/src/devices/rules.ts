import type { DeviceChanges, SyncConfig } from "./contract.ts";
import { USER_AGENT_CHARS_MAX } from "./limits.ts";

/** A browser as its user agent tells it. */
export interface Browser {
  /** `<Browser> on <OS>`. */
  readonly name: string;
  /** Major version; null when unknown. */
  readonly version: string | null;
}

/** Order matters: browsers built on another one also name that one. */
const BROWSERS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bEdgA?(?:iOS)?\/(\d+)/, "Edge"],
  [/\bOPR\/(\d+)/, "Opera"],
  [/\bSamsungBrowser\/(\d+)/, "Samsung Internet"],
  [/\bVivaldi\/(\d+)/, "Vivaldi"],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, "Firefox"],
  [/\b(?:Chrome|CriOS)\/(\d+)/, "Chrome"],
  [/\bVersion\/(\d+).*\bSafari\//, "Safari"],
];

/** Order matters here too: Android calls itself Linux, an iPhone calls itself like Mac OS X. */
const SYSTEMS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\b(?:iPhone|iPad|iPod)\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\b(?:Macintosh|Mac OS X)\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

/** Describes the browser behind a user agent; what is not recognised is called unknown. */
export function describeBrowser(userAgent: string | null): Browser {
  const text = (userAgent ?? "").slice(0, USER_AGENT_CHARS_MAX);
  const system = SYSTEMS.find(([pattern]) => pattern.test(text))?.[1] ?? "unknown system";
  for (const [pattern, name] of BROWSERS) {
    const version = pattern.exec(text)?.[1];
    if (version !== undefined) return { name: `${name} on ${system}`, version };
  }
  return { name: `Unknown browser on ${system}`, version: null };
}

/** Stands for a secret that is told to nobody. */
const MASK = "********";
/** Fields of the sync settings that hold secrets. */
const SECRETS: ReadonlySet<string> = new Set(["ssh_password", "ssh_key_path", "ssh_key_passphrase"]);

function isSyncConfig(value: unknown): value is SyncConfig {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sync settings as they may be told; null for none. */
export function maskSyncConfig(stored: unknown): SyncConfig | null {
  if (!isSyncConfig(stored)) return null;
  const masked = Object.entries(stored).map(([name, value]) => {
    const isSecret = SECRETS.has(name) && value !== null && value !== "";
    return [name, isSecret ? MASK : value] as const;
  });
  return Object.fromEntries(masked);
}

/**
 * Sync settings after a change: what apps read as masked stays as it is stored, and is left out where nothing is.
 * @returns Null for none.
 */
export function mergeSyncConfig(
  stored: unknown,
  { syncConfig, syncDirection, paths }: Pick<DeviceChanges, "syncConfig" | "syncDirection" | "paths">,
): SyncConfig | null {
  const before = isSyncConfig(stored) ? stored : null;
  if (syncConfig === undefined && syncDirection === undefined && paths === undefined) return before;
  const given = syncConfig ?? before ?? {};
  const kept = Object.entries(given).flatMap(([name, value]) => {
    if (!SECRETS.has(name) || value !== MASK) return [[name, value] as const];
    const known = before?.[name];
    return known === undefined ? [] : [[name, known] as const];
  });
  return {
    ...Object.fromEntries(kept),
    ...(syncDirection === undefined ? {} : { direction: syncDirection }),
    ...(paths === undefined ? {} : { paths }),
  };
}
