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
