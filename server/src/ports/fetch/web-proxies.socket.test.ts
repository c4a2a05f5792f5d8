import { afterEach, describe, expect, test } from "bun:test";
import { parseProxies } from "./proxies.ts";
import { createWebScene, FAILED, outcomeOf, REFUSED } from "./web.testing.ts";

const scene = createWebScene();
const { open, serve } = scene;
afterEach(() => scene.close());

describe("proxies", () => {
  /** A proxy of http calls that notes what it was asked for. */
  const startProxy = () => {
    const asked: string[] = [];
    const server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket, data) {
          asked.push(data.toString().split("\r\n", 1)[0] ?? "");
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nproxy");
          socket.end();
        },
      },
    });
    scene.onClose(() => server.stop(true));
    return { asked, url: `http://127.0.0.1:${server.port}` };
  };
  const parse = (http: string, except: readonly string[]) =>
    parseProxies({ http, https: http, except }) ?? undefined;
  const unresolvable = async (): Promise<readonly string[]> => {
    throw new TypeError("no name server");
  };

  test("get the name, also of hosts that only they can resolve", async () => {
    const proxy = startProxy();
    const client = open({ proxies: parse(proxy.url, []), resolve: unresolvable });
    expect(await outcomeOf(client, "http://games.example/a")).toEqual([200, "proxy"]);
    expect(proxy.asked).toEqual(["GET http://games.example/a HTTP/1.1"]);
  });

  test("are asked for a tunnel to https hosts", async () => {
    const proxy = startProxy();
    const client = open({ proxies: parse(proxy.url, []), resolve: unresolvable });
    expect(await outcomeOf(client, "https://games.example/", { timeoutMs: 2_000 })).toEqual(FAILED);
    expect(proxy.asked[0]).toBe("CONNECT games.example:443 HTTP/1.1");
  });

  test("are passed by for the hosts of NO_PROXY", async () => {
    const proxy = startProxy();
    const url = new URL(serve(() => new Response("direct")));
    const resolve = async () => ["127.0.0.1"];
    const client = open({ proxies: parse(proxy.url, ["nas.lan"]), resolve });
    expect(await outcomeOf(client, `http://nas.lan:${url.port}/`)).toEqual([200, "direct"]);
    expect(proxy.asked).toEqual([]);
  });

  test("do not open the way to private addresses", async () => {
    const proxy = startProxy();
    const client = open({ proxies: parse(proxy.url, []), allow: undefined });
    expect(await outcomeOf(client, "http://192.168.1.1/")).toEqual(REFUSED);
    expect(await outcomeOf(client, "http://localhost/")).toEqual(REFUSED);
    expect(proxy.asked).toEqual([]);
  });

  test("of the process's environment have no say of their own", async () => {
    const proxy = startProxy();
    const url = serve(() => new Response("direct"));
    const before = process.env.HTTP_PROXY;
    process.env.HTTP_PROXY = proxy.url;
    try {
      expect(await outcomeOf(open(), url)).toEqual([200, "direct"]);
    } finally {
      if (before === undefined) delete process.env.HTTP_PROXY;
      else process.env.HTTP_PROXY = before;
    }
    expect(proxy.asked).toEqual([]);
  });
});
