/** A TCP proxy on loopback that can cut connections at any byte. */
export interface CuttingProxy {
  readonly url: string;
  /** Closes a connection after this many more bytes were carried to clients; null: never. */
  cutAfterBytes: number | null;
  /** Told when a connection was cut; may set the next limit. */
  onCut: () => void;
  /** Cuts everything that is open now. */
  cutAll(): void;
  stop(): void;
}

/** One of the two ends of a carried connection. */
interface End {
  peer: Bun.Socket<End> | null;
  /** Bytes from this end that wait until the other takes them. */
  backlog: Uint8Array[];
}

/** Starts a proxy in front of a port of this machine. */
export async function startCuttingProxy(targetPort: number): Promise<CuttingProxy> {
  const clients = new Set<Bun.Socket<End>>();
  const listener = Bun.listen<End>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(client) {
        clients.add(client);
        client.data = { peer: null, backlog: [] };
        void connectUpstream(client, {
          port: targetPort,
          carry: (upstream, bytes) => carry(client, upstream, bytes),
        });
      },
      data: (client, bytes) => forward(client, new Uint8Array(bytes)),
      drain,
      close(client) {
        clients.delete(client);
        client.data.peer?.end();
      },
    },
  });
  const carry = (client: Bun.Socket<End>, upstream: Bun.Socket<End>, bytes: Uint8Array) => {
    const limit = proxy.cutAfterBytes;
    if (limit === null || bytes.length < limit) {
      if (limit !== null) proxy.cutAfterBytes = limit - bytes.length;
      forward(upstream, bytes);
      return;
    }
    forward(upstream, bytes.subarray(0, limit));
    proxy.cutAfterBytes = null;
    // In order, so that what was carried arrives: a reset could take it back.
    clients.delete(client);
    client.end();
    upstream.terminate();
    proxy.onCut();
  };
  const proxy: CuttingProxy = {
    url: `http://127.0.0.1:${listener.port}`,
    cutAfterBytes: null,
    onCut: () => undefined,
    cutAll() {
      for (const client of [...clients]) {
        clients.delete(client);
        client.data.peer?.terminate();
        client.terminate();
      }
    },
    stop() {
      proxy.cutAll();
      listener.stop(true);
    },
  };
  return proxy;
}

async function connectUpstream(
  client: Bun.Socket<End>,
  to: { readonly port: number; carry(upstream: Bun.Socket<End>, bytes: Uint8Array): void },
): Promise<void> {
  await Bun.connect<End>({
    hostname: "127.0.0.1",
    port: to.port,
    data: { peer: client, backlog: [] },
    socket: {
      open(upstream) {
        client.data.peer = upstream;
        drain(upstream);
      },
      data: (upstream, bytes) => to.carry(upstream, new Uint8Array(bytes)),
      drain,
      close: () => void client.end(),
    },
  });
}

/** Hands bytes of one end to the other, or keeps them until that one takes more. */
function forward(from: Bun.Socket<End>, bytes: Uint8Array): void {
  const { peer, backlog } = from.data;
  const written = peer === null || backlog.length > 0 ? 0 : Math.max(0, peer.write(bytes));
  if (written < bytes.length) backlog.push(bytes.slice(written));
}

function drain(taker: Bun.Socket<End>): void {
  const giver = taker.data.peer;
  if (giver === null) return;
  for (const bytes of giver.data.backlog.splice(0)) forward(giver, bytes);
}
