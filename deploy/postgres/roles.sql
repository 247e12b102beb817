-- The two roles and the database, made once by a superuser:
--   psql -v owner_password="'...'" -v app_password="'...'" -f deploy/postgres/roles.sql
-- Their rights on tables are not written here: `manage.py database_roles` derives them from the models.
CREATE ROLE deadwax LOGIN PASSWORD :owner_password NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE ROLE deadwax_app LOGIN PASSWORD :app_password NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
CREATE DATABASE deadwax OWNER deadwax ENCODING 'UTF8' TEMPLATE template0;
\connect deadwax
ALTER SCHEMA public OWNER TO deadwax;
