"""The questions that `persistence.catalogue` puts to the system catalogue, each about the connection's own role."""

ROLES = """
-- every role whose rights this connection has or can take
select rolname, rolsuper, rolbypassrls from pg_roles where pg_has_role(current_user, oid, 'MEMBER')
"""

RELATIONS = """
-- tables, partitions, views and materialized views, and what this role may do with them
select relname::text, relkind::text, relispartition, relrowsecurity, relforcerowsecurity,
    pg_has_role(current_user, relowner, 'MEMBER') as owned,
    has_table_privilege(oid, 'TRUNCATE') as may_truncate,
    has_table_privilege(oid, 'UPDATE, DELETE') or has_any_column_privilege(oid, 'UPDATE') as may_change,
    (relispartition or relkind = 'm') and (
        has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        or has_any_column_privilege(oid, 'SELECT, INSERT, UPDATE, REFERENCES')) as granted,
    coalesce('security_invoker=true' = any (reloptions) or 'security_invoker=on' = any (reloptions), false)
        as security_invoker
from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
order by relname
"""

POLICIES = """
select relname::text, polname::text, polpermissive,
    polcmd = '*' and polroles = '{0}' as for_all,
    pg_get_expr(polqual, polrelid) as using,
    pg_get_expr(polwithcheck, polrelid) as checked
from pg_policy join pg_class on pg_class.oid = polrelid
where relnamespace = 'public'::regnamespace
"""

KEYS = """
-- unique and exclusion keys; an expression (attribute number 0) in front has no column
select relname::text, indexrelid::regclass::text as name, attname::text as first_column
from pg_index
join pg_class on pg_class.oid = indrelid
left join pg_attribute on attrelid = indrelid and attnum = indkey[0] and indkey[0] <> 0
where relnamespace = 'public'::regnamespace and not relispartition and (indisunique or indisexclusion)
"""

FOREIGN_KEYS = """
select relname::text, conname::text as name, source.attname::text as first_column, target.attname::text as first_target
from pg_constraint
join pg_class on pg_class.oid = conrelid
join pg_attribute as source on source.attrelid = conrelid and source.attnum = conkey[1]
join pg_attribute as target on target.attrelid = confrelid and target.attnum = confkey[1]
where relnamespace = 'public'::regnamespace and contype = 'f' and not relispartition
"""

COLUMNS = """
-- columns that can hold words, arrays of them included
select relname::text, attname::text
from pg_class
join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
join pg_type on pg_type.oid = atttypid
left join pg_type as element on element.oid = pg_type.typelem and pg_type.typcategory = 'A'
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
    and (coalesce(element.typcategory, pg_type.typcategory) = 'S'
        or coalesce(element.typname, pg_type.typname) in ('json', 'jsonb', 'xml', 'hstore'))
"""

FUNCTIONS = """
-- whatever runs with another role's rights and may be called by this one
select proname::text, exists (
    select from unnest(proconfig) as setting where setting like 'search_path=%'
) as pinned
from pg_proc
where pronamespace = 'public'::regnamespace and prosecdef and has_function_privilege(oid, 'EXECUTE')
"""
