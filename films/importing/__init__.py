"""Films from other people's files: Wikipedia's film lists (JSON) and the Solr example films (JSON, CSV, XML)."""
