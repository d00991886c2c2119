import { controlQuery } from '../../platform/query.ts';
import { catalogueObject } from './types.ts';

/** Everything in a database that is not the system's own: what it is, whose it is, and who may do what with it. */
export const catalogueOf = controlQuery(
  'tenancy.catalogue',
  catalogueObject,
  `
  with ours as (
    select n.oid, n.nspname as name, n.nspowner, n.nspacl
      from pg_namespace n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  ), relations as (
    select c.*, o.name || '.' || c.relname as name, 'table ' || o.name || '.' || c.relname as as_parent, o.name as in_schema
      from pg_class c join ours o on o.oid = c.relnamespace
  )
  select 'schema' as kind, o.name, null as parent, jsonb_build_object(
         'owner', pg_get_userbyid(o.nspowner), 'grants', coalesce(o.nspacl, acldefault('n', o.nspowner))::text[]) as facts
    from ours o
  union all
  select case r.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' else 'table' end, r.name,
         'schema ' || r.in_schema, jsonb_build_object(
         'kind', r.relkind, 'owner', pg_get_userbyid(r.relowner), 'persistence', r.relpersistence, 'options', r.reloptions,
         'row security', r.relrowsecurity, 'forced row security', r.relforcerowsecurity,
         'partition', pg_get_expr(r.relpartbound, r.oid), 'partition key', pg_get_partkeydef(r.oid),
         'definition', case when r.relkind in ('v', 'm') then pg_get_viewdef(r.oid) end,
         'grants', coalesce(r.relacl, acldefault((case r.relkind when 'S' then 's' else 'r' end)::"char", r.relowner))::text[])
    from relations r where r.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
  union all
  select 'column', r.name || '.' || a.attname, r.as_parent, jsonb_build_object(
         'type', format_type(a.atttypid, a.atttypmod), 'not null', a.attnotnull, 'default', pg_get_expr(d.adbin, d.adrelid),
         'identity', a.attidentity, 'generated', a.attgenerated, 'grants', a.attacl::text[],
         'collation', (select l.collname from pg_collation l where l.oid = a.attcollation))
    from relations r
    join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
   where r.relkind in ('r', 'p', 'f')
  union all
  select 'sequence settings', r.name, 'sequence ' || r.name, jsonb_build_object('type', format_type(s.seqtypid, null),
         'start', s.seqstart, 'increment', s.seqincrement, 'least', s.seqmin, 'most', s.seqmax, 'cycle', s.seqcycle)
    from relations r join pg_sequence s on s.seqrelid = r.oid
  union all
  select 'constraint', r.name || '.' || k.conname, r.as_parent,
         jsonb_build_object('definition', pg_get_constraintdef(k.oid), 'validated', k.convalidated)
    from relations r join pg_constraint k on k.conrelid = r.oid
  union all
  select 'index', n.nspname || '.' || c.relname, r.as_parent, jsonb_build_object(
         'definition', pg_get_indexdef(i.indexrelid), 'valid', i.indisvalid and i.indisready)
    from relations r
    join pg_index i on i.indrelid = r.oid
    join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
   where r.relkind in ('r', 'p', 'm')
  union all
  select 'trigger', r.name || '.' || t.tgname, r.as_parent,
         jsonb_build_object('definition', pg_get_triggerdef(t.oid), 'enabled', t.tgenabled)
    from relations r join pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
  union all
  select 'policy', r.name || '.' || p.polname, r.as_parent, jsonb_build_object('command', p.polcmd, 'permissive', p.polpermissive,
         'using', pg_get_expr(p.polqual, r.oid), 'check', pg_get_expr(p.polwithcheck, r.oid))
    from relations r join pg_policy p on p.polrelid = r.oid
  union all
  select 'function', o.name || '.' || f.proname || '(' || pg_get_function_identity_arguments(f.oid) || ')', 'schema ' || o.name,
         jsonb_build_object('owner', pg_get_userbyid(f.proowner), 'grants', coalesce(f.proacl, acldefault('f', f.proowner))::text[],
         'definition', case when f.prokind in ('f', 'p') then pg_get_functiondef(f.oid) end)
    from ours o join pg_proc f on f.pronamespace = o.oid
  union all
  select 'type', o.name || '.' || t.typname, 'schema ' || o.name, jsonb_build_object('kind', t.typtype, 'owner', pg_get_userbyid(t.typowner),
         'base', case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end, 'not null', t.typnotnull,
         'labels', (select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
         'checks', (select jsonb_agg(pg_get_constraintdef(k.oid) order by k.conname) from pg_constraint k where k.contypid = t.oid))
    from ours o join pg_type t on t.typnamespace = o.oid where t.typtype in ('e', 'd', 'r')
  union all
  select 'extension', e.extname, null, jsonb_build_object('version', e.extversion) from pg_extension e
  union all
  select 'default grants', pg_get_userbyid(d.defaclrole) || ' ' || d.defaclobjtype::text || ' ' || coalesce(o.name, 'everywhere'), null,
         jsonb_build_object('grants', d.defaclacl::text[])
    from pg_default_acl d left join ours o on o.oid = d.defaclnamespace`,
);

/** Who may enter a database, what its two roles may do, and in which roles they are. */
export const housingOf = controlQuery(
  'tenancy.housing',
  catalogueObject,
  `
  select 'database' as kind, 'itself' as name, null as parent, jsonb_build_object('owner', pg_get_userbyid(d.datdba) = current_user,
         'grants', coalesce(d.datacl, acldefault('d', d.datdba))::text[]) as facts
    from pg_database d where d.datname = current_database()
  union all
  select 'role', r.rolname::text, null, jsonb_build_object('can log in', r.rolcanlogin, 'connection limit', r.rolconnlimit,
         'may do everything', r.rolsuper or r.rolcreatedb or r.rolcreaterole or r.rolreplication or r.rolbypassrls,
         'is in', (select coalesce(jsonb_agg(g.rolname order by g.rolname), '[]') from pg_auth_members m join pg_roles g on g.oid = m.roleid
                    where m.member = r.oid))
    from pg_roles r where r.rolname in (:appRole, :ownerRole)`,
);
