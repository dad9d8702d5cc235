/* The register's tables, as ordered migrations; docs/formats.md explains them. */
#pragma once

#include "src/register/store.h"

/* Makes all tables in an empty file. */
int schema_create(struct store *store, struct error *error);

/* Refuses a file that is no register or that a newer Kiyome wrote, and brings an older one up to date, in one
 * transaction. -EBADMSG, -ENOTSUP. The tables are compared before anything in them is evaluated: when they
 * are not as Kiyome makes them, -EBADMSG (a finding) if strict, else they are not trusted (store_distrust)
 * and can be read as far as SQLite allows, to be verified. */
int schema_prepare(struct store *store, bool strict, struct error *error);

/* Tells of every table, index, trigger and view that is not as the migrations make it; present is false for
 * one that is missing. */
typedef void schema_difference(void *context, const char *type, const char *name, bool present);
int schema_compare(struct store *store, schema_difference *difference, void *context, struct error *error);
