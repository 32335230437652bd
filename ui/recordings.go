package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/recording"
	"github.com/swinspect/swinspect/ui/components"
	"github.com/swinspect/swinspect/ui/pages"
)

func (s *Server) recordingRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /recordings", s.recordings)
	mux.HandleFunc("POST /recordings/open", s.openRecordingPost)
	mux.HandleFunc("POST /recordings/delete", s.deleteRecording)
	mux.HandleFunc("POST /recordings/import", s.importHAR)
	mux.HandleFunc("POST /b/{browser}/record", s.recordPost)
	mux.HandleFunc("POST /b/{browser}/record/stop", s.recordStop)
	mux.HandleFunc("POST /b/{browser}/moment", s.momentPost)
	mux.HandleFunc("GET /b/{browser}/compare", s.compareMoments)
	mux.HandleFunc("GET /b/{browser}/har", s.exportHAR)
}

// bad is a notice of something that did not work.
func (s *Server) bad(browser, lead string, err error) {
	s.notices.add(browser, s.opts.Now(), components.State{Icon: "failed", Word: "failed", Class: "bad"}, lead, err.Error())
}

// recordings is the page that lists the recordings of the folder.
func (s *Server) recordings(w http.ResponseWriter, r *http.Request) {
	sh := s.shell(r, s.opts.Now(), nil, nil)
	sh.Title, sh.PageClass = "Recordings", "recs"
	sh.Modules = append(sh.Modules, "js/recordings.js")
	if sh.Bench != nil {
		sh.Bench.Current = "recordings"
	}
	v := pages.RecordingsView{Folder: s.library.dir, Confirm: r.URL.Query().Get("delete"), CanReplay: s.opts.Replay != nil}
	if n := s.notices.newest(""); n != nil && n.State.Class == "bad" && s.opts.Now().Sub(n.Time) < time.Minute {
		v.Problem = n
	}
	infos, err := s.library.names()
	if err != nil {
		v.Error = err.Error()
	}
	open := map[string]string{}
	for _, t := range s.library.tapes() {
		open[t.file.Path()] = t.ID()
	}
	for _, info := range infos {
		path := filepath.Join(s.library.dir, info.Name())
		row := pages.RecordingRow{Name: info.Name(), Bytes: info.Size(), Modified: info.ModTime(), Writing: s.library.writing(path)}
		if id := open[path]; id != "" {
			row.URL = "/b/" + id
		}
		if !row.Writing {
			facts := s.library.look(r.Context(), info)
			row.Meta, row.From, row.To, row.Fetches = facts.meta, facts.from, facts.to, facts.fetches
			if facts.err != nil {
				row.Problem = tapeProblem(facts.err)
			}
		}
		v.Rows = append(v.Rows, row)
	}
	s.render(w, r, http.StatusOK, pages.Recordings(sh, v))
}

// tapeProblem is what is wrong with a file, without its name.
func tapeProblem(err error) string {
	if f, ok := errors.AsType[*recording.FileError](err); ok {
		if f.Advice != "" {
			return f.Err.Error() + ": " + f.Advice
		}
		return f.Err.Error()
	}
	return err.Error()
}

// openRecordingPost opens a recording of the folder, or any by its path.
func (s *Server) openRecordingPost(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimSpace(r.PostFormValue("path"))
	var err error
	if path == "" {
		path, err = s.library.file(r.PostFormValue("name"))
	}
	var t *tape
	if err == nil {
		t, err = s.library.open(r.Context(), path)
	}
	if err != nil {
		s.bad("", "Open", err)
		s.done(w, r, "/recordings")
		return
	}
	s.done(w, r, "/b/"+t.ID())
}

// deleteRecording deletes a file of the folder once it was asked for twice.
func (s *Server) deleteRecording(w http.ResponseWriter, r *http.Request) {
	path, err := s.library.file(r.PostFormValue("name"))
	switch {
	case err != nil:
	case r.PostFormValue("sure") != "yes":
		s.done(w, r, "/recordings?delete="+strings.TrimSuffix(filepath.Base(path), suffix)+suffix)
		return
	case s.library.writing(path):
		err = fmt.Errorf("%s is being written: stop the recording first", filepath.Base(path))
	default:
		for _, t := range s.library.tapes() {
			if t.file.Path() == path {
				err = s.library.shut(t.ID())
			}
		}
		if err == nil {
			err = removeRecording(path)
		}
	}
	if err != nil {
		s.bad("", "Delete", err)
	}
	s.library.raise()
	s.done(w, r, "/recordings")
}

// removeRecording removes a recording with what SQLite keeps beside it.
func removeRecording(path string) error {
	err := os.Remove(path)
	for _, beside := range []string{"-wal", "-shm"} {
		if e := os.Remove(path + beside); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// maxHAR bounds an uploaded HAR.
const maxHAR = 512 << 20

// importHAR makes a recording of a HAR: of a file on this machine that the form names,
// or of the body, which the page's script sends.
func (s *Server) importHAR(w http.ResponseWriter, r *http.Request) {
	name := filepath.Base(strings.ReplaceAll(r.URL.Query().Get("name"), `\`, "/"))
	from := ""
	err := func() error {
		if r.URL.Query().Has("name") {
			temp, err := upload(r.Body, name)
			if temp != "" {
				defer os.RemoveAll(filepath.Dir(temp))
			}
			if err != nil {
				return err
			}
			from = temp
		} else {
			from = strings.TrimSpace(r.PostFormValue("path"))
			name = filepath.Base(from)
		}
		if from == "" {
			return errors.New("name a HAR file, or the zip that Playwright writes")
		}
		return s.library.importFile(r.Context(), from, strings.TrimSuffix(strings.TrimSuffix(name, filepath.Ext(name)), ".har"), s.opts.Version)
	}()
	if err != nil {
		s.bad("", "Import", err)
	}
	s.library.raise()
	s.done(w, r, "/recordings")
}

// upload keeps a body in a temporary file of its name.
func upload(body io.Reader, name string) (path string, err error) {
	dir, err := os.MkdirTemp("", "swinspect-har-")
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, fileName(name))
	f, err := os.Create(path)
	if err != nil {
		return path, err
	}
	_, err = io.Copy(f, body)
	return path, errors.Join(err, f.Close())
}

// importFile makes a recording NAME.swrec of a HAR.
func (l *library) importFile(ctx context.Context, from, name, version string) (err error) {
	path, err := l.file(strings.TrimLeft(name, "."))
	if err != nil {
		return err
	}
	w, err := recording.Create(path, recording.Meta{Mode: recording.HAR, Program: "swinspect " + version, Began: time.Now(), Redacted: true}, recording.Options{})
	if err != nil {
		return err
	}
	report, err := recording.ImportHAR(ctx, from, w)
	if err == nil {
		meta := w.Meta()
		meta.Browser, meta.Ended = report.Browser, "imported"
		if meta.Target == "" {
			meta.Target = filepath.Base(from)
		}
		err = w.SetMeta(meta)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		err = errors.Join(err, removeRecording(path))
	}
	return err
}

// recordPost begins to record a browser.
func (s *Server) recordPost(w http.ResponseWriter, r *http.Request) {
	b, ok := s.browserOf(r.PathValue("browser")).(*inspector.Browser)
	if !ok {
		s.missing(w, r, nil, "This cannot be recorded.")
		return
	}
	watch := s.watched(b.ID())
	if watch != nil {
		watch.lend(s.life, true)
	}
	err := s.library.begin(r.Context(), b, recordAs{
		name: r.PostFormValue("name"), full: r.PostFormValue("mode") == "full", secrets: r.PostFormValue("secrets") == "on",
		program: strings.TrimSpace("swinspect " + s.opts.Version), began: s.opts.Now(),
	})
	if err != nil {
		s.bad(b.ID(), "Record", err)
		if watch != nil {
			watch.lend(s.life, false)
		}
	}
	s.done(w, r, "")
}

// recordStop ends a recording.
func (s *Server) recordStop(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("browser")
	ctx, cancel := context.WithTimeout(r.Context(), 20*time.Second)
	defer cancel()
	path, problems, err := s.library.end(ctx, id)
	switch {
	case err != nil:
		s.bad(id, "Recording", err)
	case path != "":
		s.notices.add(id, s.opts.Now(), components.State{Icon: "confirmed", Word: "saved", Class: "ok"}, "Recording", savedWords(filepath.Base(path), problems))
	}
	if watch := s.watched(id); watch != nil {
		s.watches.wg.Go(func() { watch.lend(s.life, false) })
	}
	s.done(w, r, "")
}

// savedWords name the file, and what is missing in it.
func savedWords(name string, problems []string) string {
	switch len(problems) {
	case 0:
		return name
	case 1:
		return name + "; " + problems[0]
	}
	return fmt.Sprintf("%s; %s, and %d more things that could not be recorded", name, problems[0], len(problems)-1)
}

// exportHAR answers with an opened recording as HAR.
func (s *Server) exportHAR(w http.ResponseWriter, r *http.Request) {
	t := s.library.tape(r.PathValue("browser"))
	if t == nil {
		s.missing(w, r, nil, "This recording is not open any more.")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+fileName(strings.TrimSuffix(t.Name(), suffix))+`.har"`)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "no-store")
	if err := recording.WriteHAR(r.Context(), t.file, w); err != nil {
		s.log.WarnContext(r.Context(), "export cut short", "error", err)
	}
}
