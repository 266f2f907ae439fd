-- What identify tells of a visitor beside type and sign-in, and the way to find it by whom the visitor turned out to be.

alter table identification add column traits text;

create index identification_by_known on identification (workspace_id, known_visitor_id) where traits is not null;
