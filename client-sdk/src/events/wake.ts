import type { Unsubscribe } from "../listeners.ts";

/** The part of a browser's page that tells when it is worth trying again. */
interface Page {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
  readonly visibilityState?: string;
}

/**
 * Calls back when a page comes online or is looked at again; elsewhere never.
 * @returns How to stop.
 */
export function onWake(listener: () => void): Unsubscribe {
  const scope = globalThis as Page & { readonly document?: Page };
  const page = scope.document;
  const onVisible = () => {
    if (page?.visibilityState === "visible") listener();
  };
  scope.addEventListener?.("online", listener);
  page?.addEventListener?.("visibilitychange", onVisible);
  return () => {
    scope.removeEventListener?.("online", listener);
    page?.removeEventListener?.("visibilitychange", onVisible);
  };
}
