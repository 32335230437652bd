package recording

import (
	"archive/zip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"
)

// HARReport says what an import made of a HAR.
type HARReport struct {
	Creator  string // "WebInspector 537.36", "Playwright 1.50.0"
	Browser  string
	Pages    int
	Entries  int // that were taken
	Bodies   int // of responses, that were there
	Missing  int // responses without their body
	Workers  int // entries taken for a worker's own requests
	Skipped  []string
	Problems []string // what was read less than whole, in words
}

// maxSkipped bounds the list of what was skipped; the rest is counted.
const maxSkipped = 50

// ImportHAR writes a HAR file (or the zip that Playwright makes of one) as a
// recording: each entry becomes the Network events a browser would have sent. Bodies
// that are not in the file are noted as missing. The error is a *FileError that names
// the file; errors.Is ErrNotHAR when it is something else. A file that breaks off
// keeps the entries before that, and says so in Problems.
func ImportHAR(ctx context.Context, name string, out *Writer) (*HARReport, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fileError("import", name, err)
	}
	defer f.Close()
	mark := make([]byte, 4)
	n, _ := io.ReadFull(f, mark)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fileError("import", name, err)
	}
	var report *HARReport
	if string(mark[:n]) == "PK\x03\x04" {
		report, err = importZip(ctx, f, out)
	} else {
		dir, e := os.OpenRoot(filepath.Dir(name)) // bodies beside the HAR, and nowhere else
		if e != nil {
			return nil, fileError("import", name, e)
		}
		defer dir.Close()
		report, err = ReadHAR(ctx, f, dir.FS(), out)
	}
	if errors.Is(err, ErrNotHAR) {
		err = &FileError{Path: name, Op: "import", Err: err, Advice: "give a .har of DevTools or Playwright, or Playwright's .zip of one"}
	}
	return report, fileError("import", name, err)
}

func importZip(ctx context.Context, f *os.File, out *Writer) (*HARReport, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotHAR, err)
	}
	i := slices.IndexFunc(z.File, func(f *zip.File) bool { return path.Base(f.Name) == "har.har" })
	if i < 0 {
		i = slices.IndexFunc(z.File, func(f *zip.File) bool { return strings.HasSuffix(f.Name, ".har") })
	}
	if i < 0 {
		return nil, fmt.Errorf("%w: the zip has no .har", ErrNotHAR)
	}
	r, err := z.File[i].Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotHAR, err)
	}
	defer r.Close()
	var files fs.FS = z
	if dir := path.Dir(z.File[i].Name); dir != "." {
		if sub, err := fs.Sub(z, dir); err == nil {
			files = sub
		}
	}
	return ReadHAR(ctx, r, files, out)
}

// ReadHAR reads a HAR into a recording; files has the bodies that it refers to (nil:
// none).
func ReadHAR(ctx context.Context, r io.Reader, files fs.FS, out *Writer) (*HARReport, error) {
	im := &importer{out: out, files: files, report: new(HARReport)}
	h, err := readHAR(r, func(n int, e *harEntry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return im.entry(n, e)
	}, func(n int, err error) { im.skip(n, err) })
	if errors.Is(err, errTruncatedHAR) && len(im.entries) > 0 {
		im.report.Problems = append(im.report.Problems, fmt.Sprintf("after entry %d %v", len(im.entries), err))
		err = nil
	}
	if err != nil {
		return im.report, err
	}
	im.report.Creator = strings.TrimSpace(string(h.Creator.Name) + " " + string(h.Creator.Version))
	im.report.Browser = strings.TrimSpace(string(h.Browser.Name) + " " + string(h.Browser.Version))
	im.report.Pages = len(h.Pages)
	return im.report, im.write(h)
}

// importer collects the entries of a HAR, their bodies already written.
type importer struct {
	out     *Writer
	files   fs.FS
	report  *HARReport
	entries []*imported
	skipped int
	workers []*harWorker
}

// imported is an entry with its bodies apart.
type imported struct {
	harEntry
	at      time.Time
	n       int // position in the file
	body    BodyRef
	post    BodyRef
	target  string
	id      string // request id
	from    *imported
	worker  bool
	hasBody bool
	next    bool // another entry is the next hop of this redirect
}

func (im *importer) skip(n int, err error) {
	im.skipped++
	if len(im.report.Skipped) < maxSkipped {
		im.report.Skipped = append(im.report.Skipped, fmt.Sprintf("entry %d: %v", n+1, err))
	}
}

func (im *importer) entry(n int, e *harEntry) error {
	at, err := e.began()
	if err != nil {
		im.skip(n, err)
		return nil
	}
	i := &imported{harEntry: *e, at: at, n: n}
	if i.body, err = im.content(&i.Response.Content); err != nil {
		return err
	}
	i.hasBody = i.body.BodyHash != "" && i.body.Missing == ""
	if i.post, err = im.postData(i.Request.PostData); err != nil {
		return err
	}
	im.entries = append(im.entries, i)
	return nil
}

// content keeps the body of a response and takes it from the entry.
func (im *importer) content(c *harContent) (BodyRef, error) {
	text, file := c.Text, string(c.File)
	c.Text = nil
	size := int64(c.Size)
	switch {
	case file != "" || c.SHA1 != "":
		return im.file(file, string(c.SHA1), size)
	case text == nil && size == 0:
		return im.keep(nil)
	case text == nil:
		return BodyRef{Size: max(size, -1), Missing: "not in the HAR"}, nil
	case strings.EqualFold(string(c.Encoding), "base64"):
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(*text)))
		if err != nil {
			return BodyRef{Size: max(size, -1), Missing: "not readable in the HAR: " + err.Error()}, nil
		}
		return im.keep(b)
	}
	return im.keep([]byte(*text))
}

func (im *importer) postData(p *harPostData) (BodyRef, error) {
	switch {
	case p == nil:
		return BodyRef{}, nil
	case p.File != "" || p.SHA1 != "":
		return im.file(string(p.File), string(p.SHA1), -1)
	case p.Text != nil && *p.Text != "":
		return im.keep([]byte(*p.Text))
	}
	return BodyRef{}, nil
}

func (im *importer) keep(b []byte) (BodyRef, error) {
	hash, err := im.out.Body(b)
	if errors.Is(err, ErrTooLarge) {
		return BodyRef{BodyHash: hash, Size: int64(len(b)), Missing: "too large"}, nil
	}
	return BodyRef{BodyHash: hash, Size: int64(len(b))}, err
}

// file reads a body that lies beside the HAR.
func (im *importer) file(name, sha1 string, size int64) (BodyRef, error) {
	missing := BodyRef{Size: max(size, -1), Missing: fmt.Sprintf("its file %s is not beside the HAR", cmpOr(name, sha1))}
	if im.files == nil {
		return missing, nil
	}
	for _, candidate := range []string{name, sha1, path.Join("resources", sha1)} {
		candidate = path.Clean(filepath.ToSlash(candidate))
		if candidate == "." || !fs.ValidPath(candidate) {
			continue
		}
		f, err := im.files.Open(candidate)
		if err != nil {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(f, im.out.opts.MaxBody+1))
		if err = errors.Join(err, f.Close()); err != nil {
			missing.Missing = fmt.Sprintf("its file %s could not be read: %v", candidate, err)
			return missing, nil
		}
		if int64(len(b)) > im.out.opts.MaxBody {
			missing.Missing = "too large"
			return missing, nil
		}
		return im.keep(b)
	}
	return missing, nil
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// write turns the entries into messages, in the order of time.
func (im *importer) write(h *harFile) error {
	sort.SliceStable(im.entries, func(i, j int) bool { return im.entries[i].at.Before(im.entries[j].at) })
	im.assign(h)
	for _, i := range im.entries {
		im.count(i)
	}
	if more := im.skipped - len(im.report.Skipped); more > 0 {
		im.report.Problems = append(im.report.Problems, fmt.Sprintf("%d more entries were skipped", more))
	}
	messages := im.messages(h)
	sort.SliceStable(messages, func(i, j int) bool { return messages[i].Time.Before(messages[j].Time) })
	for _, m := range messages {
		if err := im.out.Write(m); err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) count(i *imported) {
	im.report.Entries++
	if i.worker {
		im.report.Workers++
	}
	switch {
	case i.hasBody:
		im.report.Bodies++
	case i.Response.Status > 0:
		im.report.Missing++
	}
}
