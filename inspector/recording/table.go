package recording

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/swinspect/swinspect/inspector/fetches"
)

// table is the index of the fetch log of a file. The first rows come straight from
// the file; the columns are read, and kept, when the first filter or order asks for
// them (about 60 bytes per row), the headers only for "header:".
type table struct {
	f   *File
	mu  sync.Mutex
	db  *sql.DB // nil: the index is made when it is asked for
	own string  // folder of an index made beside the file, removed by close

	total      int
	blocks     []block // nil: not read yet
	hasHeaders bool
	chunks     chunkCache
	selections []*selection // the newest few
}

// block is the columns of rows first … first+count-1.
type block struct {
	first, count     int
	columns, headers []byte
}

// view is a table up to a row: what [File.Fetches] and [File.FetchesAt] give.
type view struct {
	t     *table
	limit int // rows; -1: all
}

// Fetches is the fetch log of the recording. Its rows are as they were at the end.
func (f *File) Fetches() fetches.Table { return view{f.table, -1} }

// FetchesAt is the fetch log as of a moment: the requests that had begun. The rows
// are as they were at the end of the recording.
func (f *File) FetchesAt(ctx context.Context, at time.Time) (fetches.Table, error) {
	if at.IsZero() {
		return f.Fetches(), nil
	}
	if err := f.table.ready(ctx); err != nil {
		return nil, fileError("read", f.path, err)
	}
	n, err := f.table.begunBy(ctx, at)
	if err != nil {
		return nil, fileError("read", f.path, err)
	}
	return view{f.table, n}, nil
}

// newTable looks whether the file has an index that this program can use.
func newTable(ctx context.Context, f *File) (*table, error) {
	t := &table{f: f}
	pairs := map[string]int{}
	err := each(ctx, f.db, "SELECT key, value FROM meta WHERE key IN ('index', 'rows')", func(scan func(...any) error) error {
		var key, value string
		if err := scan(&key, &value); err != nil {
			return err
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > 1<<40 {
			return fmt.Errorf("%w: meta %s is %q", ErrCorrupt, key, value)
		}
		pairs[key] = n
		return nil
	})
	if err == nil && pairs["index"] == indexVersion {
		t.db, t.total = f.db, pairs["rows"]
	}
	return t, err
}

// ready makes the index where the file has none of this version.
func (t *table) ready(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.db != nil {
		return nil
	}
	dir, err := os.MkdirTemp("", "swinspect-index-")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "index.swrec")
	total, err := t.f.makeIndex(ctx, path)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	db, err := sql.Open("sqlite", dsn(path, readOnly...))
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	t.db, t.own, t.total = db, dir, total
	return nil
}

// makeIndex folds the whole recording into an index at path.
func (f *File) makeIndex(ctx context.Context, path string) (rows int, err error) {
	s, err := createStore(path, Meta{}, Options{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.close(err == nil)) }()
	if err := s.exec("PRAGMA synchronous=OFF"); err != nil {
		return 0, err
	}
	for r, err := range f.records(ctx, 1, time.Time{}, classState, classNetwork) {
		if err != nil {
			return 0, err
		}
		m := r.message()
		s.index.message(m, classOf(&m))
		if s.index.pending >= indexEvery {
			if err := s.index.flush(s); err != nil {
				return 0, err
			}
		}
	}
	err = s.index.flush(s)
	rows, dropped := s.index.log.Len()
	return rows + dropped, err
}

func (t *table) close() {
	if t.own != "" {
		_ = t.db.Close()
		_ = os.RemoveAll(t.own)
	}
}

// Rows is of [fetches.Table].
func (v view) Rows(ctx context.Context, query, order string, from, n int) (rows []*fetches.Fetch, matching, total int, err error) {
	q, err := fetches.ParseQuery(query)
	if err != nil {
		return nil, 0, 0, err
	}
	if err := fetches.CheckSort(order); err != nil {
		return nil, 0, 0, err
	}
	if err := v.t.ready(ctx); err != nil {
		return nil, 0, 0, fileError("read", v.t.f.path, err)
	}
	total = v.total()
	s := &selection{count: total}
	if !q.Empty() {
		if s, err = v.t.selected(ctx, q, total); err != nil {
			return nil, 0, 0, fileError("read", v.t.f.path, err)
		}
	}
	from = min(max(from, 0), s.count)
	to := s.count
	if n > 0 {
		to = min(from+n, s.count)
	}
	seqs, err := v.t.ordered(ctx, s, total, order, from, to)
	if err == nil {
		rows, err = v.t.rows(ctx, seqs)
	}
	return rows, s.count, total, fileError("read", v.t.f.path, err)
}

func (v view) total() int {
	if v.limit >= 0 {
		return min(v.limit, v.t.total)
	}
	return v.t.total
}

// Fetch is of [fetches.Table].
func (v view) Fetch(ctx context.Context, id string) (*fetches.Fetch, error) {
	all, err := v.with(ctx, "id", id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// Children is of [fetches.Table].
func (v view) Children(ctx context.Context, id string) ([]*fetches.Fetch, error) {
	if id == "" {
		return nil, nil
	}
	return v.with(ctx, parentColumn, id)
}

// with gives the rows that have exactly a value in a column.
func (v view) with(ctx context.Context, column, value string) ([]*fetches.Fetch, error) {
	err := v.t.ready(ctx)
	var s *selection
	if err == nil {
		s, err = v.t.having(ctx, column, value, v.total())
	}
	var rows []*fetches.Fetch
	if err == nil {
		rows, err = v.t.rows(ctx, s.seqs(0, s.count))
	}
	return rows, fileError("read", v.t.f.path, err)
}

// load reads the columns of all rows, and their headers when they are needed.
func (t *table) load(ctx context.Context, headers bool) ([]block, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.blocks == nil {
		var blocks []block
		err := each(ctx, t.db, "SELECT first, count, columns FROM fetch_columns ORDER BY first", func(scan func(...any) error) error {
			var b block
			if err := scan(&b.first, &b.count, &b.columns); err != nil {
				return err
			}
			if b.first != len(blocks)*blockRows+1 || b.count < 1 || b.count > blockRows {
				return errColumns
			}
			if b.first > t.total { // a writer is at work: rows that came since
				return nil
			}
			blocks = append(blocks, b)
			return nil
		})
		if err != nil {
			return nil, err
		}
		t.blocks = blocks
	}
	if headers && !t.hasHeaders {
		blocks := slices.Clone(t.blocks) // others read the old ones
		i := 0
		err := each(ctx, t.db, "SELECT first, headers FROM fetch_columns ORDER BY first", func(scan func(...any) error) error {
			if i >= len(blocks) {
				return nil
			}
			var first int
			if err := scan(&first, &blocks[i].headers); err != nil {
				return err
			}
			i++
			return nil
		})
		if err != nil {
			return nil, err
		}
		t.blocks, t.hasHeaders = blocks, true
	}
	return t.blocks, nil
}

// rows reads rows by their Seqs, in that order.
func (t *table) rows(ctx context.Context, seqs []int) ([]*fetches.Fetch, error) {
	all := make([]*fetches.Fetch, 0, min(len(seqs), 1<<16))
	for _, seq := range seqs {
		first := (seq-1)/chunkRows*chunkRows + 1
		chunk, err := t.chunk(ctx, first)
		if err != nil {
			return nil, err
		}
		i := seq - first
		if i >= len(chunk) || chunk[i].Seq != uint64(seq) {
			return nil, fmt.Errorf("%w: row %d is missing", ErrCorrupt, seq)
		}
		all = append(all, chunk[i])
	}
	return all, nil
}

func (t *table) chunk(ctx context.Context, first int) ([]*fetches.Fetch, error) {
	if chunk := t.chunks.get(first); chunk != nil {
		return chunk, nil
	}
	var size int64
	var packed []byte
	err := t.db.QueryRowContext(ctx, "SELECT size, bytes FROM fetch_rows WHERE first = ?", first).Scan(&size, &packed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w: rows from %d are missing", ErrCorrupt, first)
	}
	if err != nil {
		return nil, err
	}
	chunk, err := decodeChunk(packed, size)
	if err == nil {
		t.chunks.put(first, chunk)
	}
	return chunk, err
}

// begunBy is how many rows had begun by a moment.
func (t *table) begunBy(ctx context.Context, at time.Time) (int, error) {
	limit := at.UnixMicro()
	var firsts []int
	var began []int64
	err := each(ctx, t.db, "SELECT first, began FROM fetch_rows WHERE first <= ? ORDER BY first", func(scan func(...any) error) error {
		var first int
		var us int64
		if err := scan(&first, &us); err != nil {
			return err
		}
		firsts, began = append(firsts, first), append(began, us)
		return nil
	}, t.total)
	if err != nil || len(firsts) == 0 {
		return 0, err
	}
	i := sort.Search(len(began), func(i int) bool { return began[i] > limit })
	if i == 0 {
		return 0, nil
	}
	chunk, err := t.chunk(ctx, firsts[i-1])
	if err != nil {
		return 0, err
	}
	n := slices.IndexFunc(chunk, func(row *fetches.Fetch) bool { return row.Began.UnixMicro() > limit })
	if n < 0 {
		n = len(chunk)
	}
	return firsts[i-1] - 1 + n, nil
}

// chunkCache keeps the chunks that were read last.
type chunkCache struct {
	mu   sync.Mutex
	kept []cachedChunk // newest last
}

type cachedChunk struct {
	first int
	rows  []*fetches.Fetch
}

const cachedChunks = 24

func (c *chunkCache) get(first int) []*fetches.Fetch {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, k := range c.kept {
		if k.first == first {
			c.kept = append(append(c.kept[:i:i], c.kept[i+1:]...), k)
			return k.rows
		}
	}
	return nil
}

func (c *chunkCache) put(first int, rows []*fetches.Fetch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= cachedChunks {
		c.kept = append(c.kept[:0:0], c.kept[1:]...)
	}
	c.kept = append(c.kept, cachedChunk{first, rows})
}
