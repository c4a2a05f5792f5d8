/** Names of this machine itself, which mean another one to whoever gets a link. */
const LOOPBACK =
  /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])\.?$/;

/** Tells whether somebody elsewhere can open a link to this address. */
export function isReachable(publicUrl: string | null): publicUrl is string {
  const url = publicUrl === null ? null : URL.parse(publicUrl);
  return url !== null && /^https?:$/.test(url.protocol) && !LOOPBACK.test(url.hostname);
}
