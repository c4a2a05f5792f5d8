import type postgres from "postgres";
import { assert } from "../../base/assert.ts";
import { KV_SWEEP_BATCH_ROWS, KV_SWEEP_BATCHES_MAX } from "./limits.ts";
import type { KvCounter } from "./port.ts";

/** The SQL of the PostgreSQL driver; each member is one statement unless it says otherwise. */
export interface KvStatements extends ValueStatements, OwnerStatements, MemberStatements, StoreStatements {}

/** Builds the statements on a pool. The tables are those of `db/schema/kv.ts`. */
export function createKvStatements(sql: postgres.Sql): KvStatements {
  return {
    ...createValueStatements(sql),
    ...createOwnerStatements(sql),
    ...createMemberStatements(sql),
    ...createStoreStatements(sql),
  };
}

interface IncrementInput {
  ttlMs: number;
  by: number;
  sliding: boolean;
}

interface ValueStatements {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlMs: number | null): Promise<void>;
  setWhenAbsent(key: string, value: string, ttlMs: number | null): Promise<boolean>;
  setWhenPresent(key: string, value: string, ttlMs: number | null): Promise<boolean>;
  take(key: string): Promise<string | null>;
  remove(keys: readonly string[]): Promise<number>;
  expire(key: string, ttlMs: number): Promise<boolean>;
  increment(key: string, input: IncrementInput): Promise<KvCounter>;
}

function createValueStatements(sql: postgres.Sql): ValueStatements {
  /** The moment `ttlMs` from now; never when null. */
  const moment = (ttlMs: number | null) => sql`now() + ${ttlMs}::float8 * interval '1 millisecond'`;
  const isLive = sql`(e.expires_at is null or e.expires_at > now())`;
  const asText = (row: postgres.Row | undefined): string | null => {
    if (row === undefined || row.is_live === false) return null;
    assert(row.set_id === null, "kv key holds a set, not text");
    return row.value;
  };
  return {
    async get(key) {
      const [row] = await sql`select value, set_id from kv_entries e where key = ${key} and ${isLive}`;
      return asText(row);
    },
    async set(key, value, ttlMs) {
      await sql`
        insert into kv_entries (key, value, expires_at) values (${key}, ${value}, ${moment(ttlMs)})
        on conflict (key) do update
        set value = excluded.value, set_id = null, expires_at = excluded.expires_at`;
    },
    async setWhenAbsent(key, value, ttlMs) {
      const result = await sql`
        insert into kv_entries as e (key, value, expires_at) values (${key}, ${value}, ${moment(ttlMs)})
        on conflict (key) do update
        set value = excluded.value, set_id = null, expires_at = excluded.expires_at
        where not ${isLive}`;
      return result.count > 0;
    },
    async setWhenPresent(key, value, ttlMs) {
      const result = await sql`
        update kv_entries e set value = ${value}, set_id = null, expires_at = ${moment(ttlMs)}
        where key = ${key} and ${isLive}`;
      return result.count > 0;
    },
    async take(key) {
      const [row] = await sql`
        delete from kv_entries e where key = ${key} returning value, set_id, ${isLive} as is_live`;
      return asText(row);
    },
    async remove(keys) {
      // Locked in one order, or two calls with the same keys in another order could block each other.
      const rows = await sql`
        delete from kv_entries e
        where key in (select key from kv_entries where key = any(${[...keys]}) order by key for update)
        returning ${isLive} as is_live`;
      return rows.filter((row) => row.is_live).length;
    },
    async expire(key, ttlMs) {
      const result = await sql`
        update kv_entries e set expires_at = ${moment(ttlMs)} where key = ${key} and ${isLive}`;
      return result.count > 0;
    },
    async increment(key, { ttlMs, by, sliding }) {
      const [row] = await sql`
        insert into kv_entries as e (key, value, expires_at) values (${key}, ${String(by)}, ${moment(ttlMs)})
        on conflict (key) do update set
          value = case when ${isLive} then (e.value::int8 + ${by}::int8)::text else excluded.value end,
          set_id = null,
          expires_at = case when ${isLive} and not ${sliding}::bool
            then coalesce(e.expires_at, excluded.expires_at) else excluded.expires_at end
        returning value, ceil(extract(epoch from expires_at - now()) * 1000)::float8 as ttl_ms`;
      assert(row !== undefined, "kv increment returned no row");
      return { value: Number(row.value), ttlMs: row.ttl_ms };
    },
  };
}

interface OwnerStatements {
  expireIfEqual(key: string, value: string, ttlMs: number): Promise<boolean>;
  removeIfEqual(key: string, value: string): Promise<void>;
}

function createOwnerStatements(sql: postgres.Sql): OwnerStatements {
  return {
    async expireIfEqual(key, value, ttlMs) {
      const result = await sql`
        update kv_entries set expires_at = now() + ${ttlMs}::float8 * interval '1 millisecond'
        where key = ${key} and value = ${value} and set_id is null and expires_at > now()`;
      return result.count > 0;
    },
    async removeIfEqual(key, value) {
      await sql`delete from kv_entries where key = ${key} and value = ${value} and set_id is null`;
    },
  };
}

interface MemberStatements {
  addMembers(key: string, members: readonly string[], ttlMs: number | null): Promise<void>;
  /** One transaction of three statements. */
  removeMembers(key: string, members: readonly string[]): Promise<void>;
  members(key: string, limit: number): Promise<string[]>;
}

function createMemberStatements(sql: postgres.Sql): MemberStatements {
  return {
    async addMembers(key, members, ttlMs) {
      // The row of the set is locked first, so adding and removing members of one set take turns.
      const [row] = await sql`
        with entry as (
          insert into kv_entries as e (key, value, set_id, expires_at)
          values (${key}, '', gen_random_uuid(), now() + ${ttlMs}::float8 * interval '1 millisecond')
          on conflict (key) do update set
            value = '',
            set_id = case when e.expires_at <= now() then excluded.set_id else e.set_id end,
            expires_at = case when e.expires_at <= now() or ${ttlMs !== null}::bool
              then excluded.expires_at else e.expires_at end
          where e.set_id is not null or e.expires_at <= now()
          returning set_id
        ), added as (
          insert into kv_members (set_id, member)
          select entry.set_id, m from entry, unnest(${[...members]}::text[]) m
          on conflict do nothing
        )
        select count(*)::int as count from entry`;
      assert(row?.count === 1, "kv key holds text, not a set");
    },
    async removeMembers(key, members) {
      await sql.begin(async (tx) => {
        const [row] = await tx`
          select set_id from kv_entries
          where key = ${key} and (expires_at is null or expires_at > now()) for update`;
        if (row === undefined) return;
        assert(row.set_id !== null, "kv key holds text, not a set");
        await tx`delete from kv_members where set_id = ${row.set_id} and member = any(${[...members]})`;
        // With the lock held nobody adds a member between these two.
        await tx`
          delete from kv_entries where key = ${key}
          and not exists (select from kv_members where set_id = ${row.set_id})`;
      });
    },
    async members(key, limit) {
      const rows = await sql`
        select e.set_id, m.member from kv_entries e left join kv_members m on m.set_id = e.set_id
        where e.key = ${key} and (e.expires_at is null or e.expires_at > now()) limit ${limit}`;
      assert(rows[0]?.set_id !== null, "kv key holds text, not a set");
      return rows.map((row) => row.member);
    },
  };
}

interface StoreStatements {
  notify(channel: string, payloads: readonly string[]): Promise<void>;
  ping(): Promise<void>;
  /** Many short statements; returns the number of deleted rows. */
  sweep(): Promise<number>;
}

function createStoreStatements(sql: postgres.Sql): StoreStatements {
  const sweepEntries = () => sql`
    delete from kv_entries where key in (
      select key from kv_entries where expires_at <= now()
      order by expires_at limit ${KV_SWEEP_BATCH_ROWS} for update skip locked)`;
  const sweepMembers = () => sql`
    delete from kv_members where (set_id, member) in (
      select m.set_id, m.member from kv_members m
      where not exists (select from kv_entries e where e.set_id = m.set_id)
      limit ${KV_SWEEP_BATCH_ROWS})`;
  return {
    async notify(channel, payloads) {
      // One statement is one transaction: its notifications arrive together, in this order.
      await sql`select pg_notify(${channel}, payload) from unnest(${[...payloads]}::text[]) payload`;
    },
    async ping() {
      await sql`select 1`;
    },
    async sweep() {
      let deleted = 0;
      for (const sweepBatch of [sweepEntries, sweepMembers]) {
        for (let batch = 0; batch < KV_SWEEP_BATCHES_MAX; batch += 1) {
          const { count } = await sweepBatch();
          deleted += count;
          if (count < KV_SWEEP_BATCH_ROWS) break;
        }
      }
      return deleted;
    },
  };
}
