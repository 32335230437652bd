package recording

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// indexVersion is the version of the fold that made the index of a file. It grows
// when [fetches.Log] makes other rows of the same messages: the index of an older
// file is then made anew, beside it, when it is asked for.
const indexVersion = 2

// indexSchema is the index of the fetch log. Rows are packed, chunkRows in each, and
// what filters look at is packed again in columns (columns.go), blockRows in each.
const indexSchema = `
CREATE TABLE fetch_rows (
	first INTEGER PRIMARY KEY, -- Seq of its first row
	count INTEGER NOT NULL,
	began INTEGER NOT NULL,    -- of its first row, microseconds since 1970
	size  INTEGER NOT NULL,    -- of the JSON
	bytes BLOB    NOT NULL     -- JSON array of rows, zlib; as it is when length(bytes) = size
);
CREATE TABLE fetch_columns (
	first   INTEGER PRIMARY KEY,
	count   INTEGER NOT NULL,
	columns BLOB NOT NULL,
	headers BLOB NOT NULL
);
CREATE VIEW fetches (seq, id, kind, began, client, target, page, method, url, mode, destination, scope, version,
	decision, route, source, cache, status, mime, size, took, error, row) AS
SELECT json_extract(r, '$.Seq'), json_extract(r, '$.ID'), json_extract(r, '$.Kind'), json_extract(r, '$.Began'),
       json_extract(r, '$.Client'), json_extract(r, '$.Target'), json_extract(r, '$.Page'), json_extract(r, '$.Method'),
       json_extract(r, '$.URL'), json_extract(r, '$.Mode'), json_extract(r, '$.Destination'), json_extract(r, '$.Scope'),
       json_extract(r, '$.Version'), json_extract(r, '$.Decision'), json_extract(r, '$.Route'), json_extract(r, '$.Source'),
       json_extract(r, '$.CacheName'), json_extract(r, '$.Status'), json_extract(r, '$.MIME'),
       json_extract(r, '$.ResponseBody.Size'), json_extract(r, '$.Timing.End') / 1e6, json_extract(r, '$.Error'), r
FROM (SELECT j.value AS r FROM fetch_rows f, json_each(CAST(sqlar_uncompress(f.bytes, f.size) AS TEXT)) j);
`

const (
	chunkRows = 64   // rows that are packed together: one is read by unpacking so many
	blockRows = 1024 // rows whose columns are together; a multiple of chunkRows
	// indexLimit is how many rows the writer keeps in memory: an older one no longer changes.
	indexLimit = 1 << 16
	// indexEvery is how many messages may pass between two flushes of the index.
	indexEvery = 8192
)

// indexer folds what is written into the rows of the index.
type indexer struct {
	state   *inspector.State
	log     *fetches.Log
	written []*fetches.Fetch // as they are in the file, from Seq base+1 on
	base    uint64
	pending int
}

func newIndexer() *indexer {
	return &indexer{state: new(inspector.State), log: fetches.NewLog(fetches.Options{Limit: indexLimit})}
}

// message folds one message.
func (x *indexer) message(m inspector.Message, class string) {
	if class == classState {
		x.state, _ = inspector.Apply(x.state, m)
	}
	x.log.Apply(m, x.state)
	x.pending++
}

// flush writes the chunks and blocks whose rows changed.
func (x *indexer) flush(s *store) error {
	if x.pending == 0 {
		return nil
	}
	x.pending = 0
	rows := x.log.All()
	if len(rows) == 0 {
		return nil
	}
	if forgot := rows[0].Seq - 1 - x.base; forgot > 0 { // the log dropped its oldest rows
		x.written = x.written[min(forgot, uint64(len(x.written))):]
		x.base += forgot
	}
	chunks, blocks := newRange(chunkRows), newRange(blockRows)
	for i, row := range rows {
		if i >= len(x.written) {
			x.written = append(x.written, nil)
		}
		if x.written[i] != row {
			x.written[i] = row
			chunks.add(row.Seq)
			blocks.add(row.Seq)
		}
	}
	for _, first := range chunks.firsts {
		if err := x.writeChunk(s, first, rows); err != nil {
			return err
		}
	}
	for _, first := range blocks.firsts {
		if err := x.writeBlock(s, first, rows); err != nil {
			return err
		}
	}
	return s.exec("INSERT INTO meta VALUES ('index', ?), ('rows', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
		fmt.Sprint(indexVersion), fmt.Sprint(rows[len(rows)-1].Seq))
}

// ranges collects the groups of so many rows that have a changed one.
type ranges struct {
	each   uint64
	firsts []uint64
}

func newRange(each uint64) *ranges { return &ranges{each: each} }

func (r *ranges) add(seq uint64) {
	first := (seq-1)/r.each*r.each + 1
	if n := len(r.firsts); n == 0 || r.firsts[n-1] != first {
		r.firsts = append(r.firsts, first)
	}
}

// rowsFrom are the rows first … first+n-1 of a log, those that it dropped from the file.
func (x *indexer) rowsFrom(s *store, first, n uint64, rows []*fetches.Fetch) ([]*fetches.Fetch, error) {
	var all []*fetches.Fetch
	if first <= x.base {
		dropped, err := readRows(s.conn, first, min(first+n-1, x.base))
		if err != nil {
			return nil, err
		}
		all = dropped
	}
	from := max(first, x.base+1) - x.base - 1
	to := min(first+n-1-x.base, uint64(len(rows)))
	if from < to {
		all = append(all, rows[from:to]...)
	}
	return all, nil
}

func (x *indexer) writeChunk(s *store, first uint64, rows []*fetches.Fetch) error {
	all, err := x.rowsFrom(s, first, chunkRows, rows)
	if err != nil || len(all) == 0 {
		return err
	}
	b, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("rows from %d: %w", first, err)
	}
	packed, _ := pack(b)
	return s.exec("INSERT OR REPLACE INTO fetch_rows VALUES (?, ?, ?, ?, ?)",
		int64(first), len(all), all[0].Began.UnixMicro(), len(b), packed)
}

func (x *indexer) writeBlock(s *store, first uint64, rows []*fetches.Fetch) error {
	all, err := x.rowsFrom(s, first, blockRows, rows)
	if err != nil || len(all) == 0 {
		return err
	}
	return s.exec("INSERT OR REPLACE INTO fetch_columns VALUES (?, ?, ?, ?)",
		int64(first), len(all), encodeColumns(all), encodeHeaders(all))
}

// querier is a database or a connection of one.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// readRows reads the rows first … last from a file.
func readRows(q querier, first, last uint64) (all []*fetches.Fetch, err error) {
	from := int64((first-1)/chunkRows*chunkRows + 1)
	rows, err := q.QueryContext(context.Background(), "SELECT size, bytes FROM fetch_rows WHERE first >= ? AND first <= ? ORDER BY first", from, int64(last))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var size int64
		var packed []byte
		if err := rows.Scan(&size, &packed); err != nil {
			return nil, err
		}
		chunk, err := decodeChunk(packed, size)
		if err != nil {
			return nil, err
		}
		for _, row := range chunk {
			if row.Seq >= first && row.Seq <= last {
				all = append(all, row)
			}
		}
	}
	return all, rows.Err()
}

func decodeChunk(packed []byte, size int64) ([]*fetches.Fetch, error) {
	b, err := unpack(packed, size)
	if err != nil {
		return nil, err
	}
	var chunk []*fetches.Fetch
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&chunk); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	for _, row := range chunk {
		if row == nil {
			return nil, fmt.Errorf("%w: a row is missing", ErrCorrupt)
		}
	}
	return chunk, nil
}
