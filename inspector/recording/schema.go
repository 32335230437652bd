package recording

// Format is the number of the file format that this package writes. It is not the
// program's version: it grows when a table changes its meaning, and each step has a
// migration (migrate.go) and a fixture (testdata/format*.swrec).
const Format = 1

// applicationID is "SWRC", at byte 68 of the file: file(1) and we tell a recording by it.
const applicationID = 0x53575243

// schema is the file's tables, and views for people.
//
// Messages are packed: a segment is a JSON array of them, compressed with zlib, of
// one class (see classOf). The newest few are rows of tail until there are enough of
// them. The views take both together and use sqlar_uncompress, which the sqlite3
// shell has.
const schema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE segments (
	first INTEGER PRIMARY KEY, -- seq of its first message
	last  INTEGER NOT NULL,
	class TEXT    NOT NULL,    -- state or network
	began INTEGER NOT NULL,    -- time of its first message, microseconds since 1970
	ended INTEGER NOT NULL,
	count INTEGER NOT NULL,
	size  INTEGER NOT NULL,    -- of the JSON
	bytes BLOB    NOT NULL     -- JSON array of messages, zlib; as it is when length(bytes) = size
);
CREATE TABLE tail (
	seq     INTEGER PRIMARY KEY,
	class   TEXT    NOT NULL,
	time    INTEGER NOT NULL,
	message TEXT    NOT NULL   -- JSON of one message
);
CREATE TABLE bodies (
	hash     TEXT    PRIMARY KEY, -- sha256:… of the body
	size     INTEGER NOT NULL,
	encoding TEXT    NOT NULL,    -- zlib or identity
	bytes    BLOB    NOT NULL
);
CREATE TABLE scripts (
	seq       INTEGER NOT NULL, -- of the message that told it
	time      INTEGER NOT NULL,
	version   TEXT    NOT NULL,
	scriptURL TEXT    NOT NULL, -- the worker's script
	url       TEXT    NOT NULL, -- this script: the same, or one that it imported
	hash      TEXT    NOT NULL  -- of its source, in bodies
);
CREATE TABLE cache_snapshots (
	seq        INTEGER PRIMARY KEY, -- of the message that has the entries
	time       INTEGER NOT NULL,
	instance   TEXT NOT NULL,
	context    TEXT NOT NULL,
	storageKey TEXT NOT NULL,
	bucket     TEXT NOT NULL,
	cache      TEXT NOT NULL,
	entries    INTEGER NOT NULL     -- -1: the cache was deleted
);

CREATE VIEW messages (seq, time, kind, instance, context, target, method, params, result, error) AS
SELECT json_extract(m, '$.seq'), json_extract(m, '$.time'), json_extract(m, '$.kind'),
       json_extract(m, '$.instance'), json_extract(m, '$.context'), json_extract(m, '$.target'),
       json_extract(m, '$.method'), json_extract(m, '$.params'), json_extract(m, '$.result'), json_extract(m, '$.error')
FROM (
	SELECT j.value AS m FROM segments s, json_each(CAST(sqlar_uncompress(s.bytes, s.size) AS TEXT)) j
	UNION ALL SELECT message FROM tail
);
`
