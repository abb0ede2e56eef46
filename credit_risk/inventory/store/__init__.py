"""The inventory's database: tables that are projections of the append-only events, guards, migrations, one writer."""
