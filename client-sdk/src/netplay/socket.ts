import { MultitapError } from "../errors.ts";

/** What every implementation of websockets has. */
export interface Socket {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: (() => void) | null;
  send(bytes: Uint8Array): void;
  close(code?: number): void;
}

/**
 * Opens a connection to a room.
 * @throws MultitapError `unsupported` (`WEBSOCKET_UNSUPPORTED`) where the platform has no websockets; `network` where it
 *   refuses to open one, such as an insecure one for a secure page.
 */
export function openSocket(given: (new (url: string) => unknown) | undefined, url: string): Socket {
  // Looked up per connection: Node 20 has none, whatever the typings say.
  const found: (new (url: string) => unknown) | undefined = given ?? globalThis.WebSocket;
  if (found === undefined) {
    const message = "This platform has no WebSocket: give one to createNetplay";
    throw new MultitapError("unsupported", "WEBSOCKET_UNSUPPORTED", { message });
  }
  try {
    const socket = new found(url) as Socket;
    socket.binaryType = "arraybuffer";
    return socket;
  } catch (thrown) {
    const message = `No websocket could be opened: ${thrown instanceof Error ? thrown.message : thrown}`;
    throw new MultitapError("network", "NETWORK_FAILED", { message, cause: thrown });
  }
}
