package recording

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/cdp"
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/inspector/fetches"
)

// message takes one message: redacted, its bodies apart, into the tail of its class.
func (s *store) message(m inspector.Message) error {
	if err := s.takeBody(&m); err != nil {
		return err
	}
	if !s.opts.KeepSecrets {
		m = Redact(m)
	}
	s.seq++
	r := record{
		Seq: s.seq, Time: micros(m.Time), Kind: string(m.Kind), Instance: m.Instance, Context: m.Context,
		Target: m.Target, Method: m.Method, Params: m.Params, Result: m.Result, Error: m.Error,
	}
	if r.Time != nil {
		s.at = max(s.at, *r.Time)
	}
	if at := s.at; r.Time == nil || *r.Time != at {
		r.At = &at
	}
	b, err := encodeRecord(&r)
	if err != nil {
		return err
	}
	if err := s.note(&m); err != nil {
		return err
	}
	class := classOf(&m)
	t := s.tails[class]
	t.records = append(t.records, tailRecord{seq: r.Seq, at: s.at, json: b})
	t.size += len(b)
	if s.index != nil {
		s.index.message(r.message(), class)
		if s.index.pending >= indexEvery {
			if err := s.index.flush(s); err != nil {
				return err
			}
		}
	}
	if len(t.records) >= segmentMessages || t.size >= segmentBytes {
		return s.packTail(class, t, true)
	}
	return nil
}

// packTail makes a segment of a tail that is full (or of any with all), or writes
// what is new in it to the table tail.
func (s *store) packTail(class string, t *tail, all bool) error {
	if len(t.records) == 0 {
		return nil
	}
	if !all {
		for _, r := range t.records[t.written:] {
			if err := s.exec("INSERT INTO tail VALUES (?, ?, ?, ?)", r.seq, class, r.at, string(r.json)); err != nil {
				return err
			}
		}
		t.written = len(t.records)
		return nil
	}
	var b bytes.Buffer
	b.Grow(t.size + len(t.records) + 2)
	for i, r := range t.records {
		b.WriteByte("[,"[min(i, 1)])
		b.Write(r.json)
	}
	b.WriteByte(']')
	packed, _ := pack(b.Bytes())
	first, last := t.records[0], t.records[len(t.records)-1]
	err := s.exec("INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		first.seq, last.seq, class, first.at, last.at, len(t.records), b.Len(), packed)
	if err == nil && t.written > 0 {
		err = s.exec("DELETE FROM tail WHERE class = ? AND seq <= ?", class, last.seq)
	}
	*t = tail{}
	return err
}

// takeBody moves the body in a reply to where bodies are: its hash and size stand in
// the message.
func (s *store) takeBody(m *inspector.Message) error {
	if m.Kind == inspector.KindEvent && m.Method == "Network.requestWillBeSent" {
		return s.takePost(m)
	}
	if m.Kind != inspector.KindReply || len(m.Result) == 0 {
		return nil
	}
	var reply struct {
		Body          *string `json:"body"`
		Base64Encoded bool    `json:"base64Encoded"`
		PostData      *string `json:"postData"`
	}
	var text *string
	switch m.Method {
	case "Network.getResponseBody", "Fetch.getResponseBody":
		if cdp.Decode(m.Result, &reply) != nil {
			return nil
		}
		text = reply.Body
	case "Network.getRequestPostData":
		if cdp.Decode(m.Result, &reply) != nil {
			return nil
		}
		text = reply.PostData
	}
	if text == nil {
		return nil
	}
	body := []byte(*text)
	if reply.Base64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(*text)
		if err != nil {
			return nil // the message keeps what it said
		}
		body = decoded
	}
	ref := BodyRef{BodyHash: HashOf(body), Size: int64(len(body))}
	if ref.Size > s.opts.MaxBody {
		ref.Missing, m.Error = "too large", "too large"
	} else if err := s.keep(body); err != nil {
		return err
	}
	var err error
	m.Result, err = encodeValue(ref)
	return err
}

// takePost keeps the body that a browser sent along with the request it is of; it
// stays in the message too.
func (s *store) takePost(m *inspector.Message) error {
	if !bytes.Contains(m.Params, []byte(`"postData`)) {
		return nil
	}
	var p struct {
		Request fetches.Post `json:"request"`
	}
	if cdp.Decode(m.Params, &p) != nil {
		return nil
	}
	if body, told := p.Request.Bytes(); told && int64(len(body)) <= s.opts.MaxBody {
		return s.keep(body)
	}
	return nil
}

// BodyRef stands in a message in the place of a body that the recording keeps.
type BodyRef struct {
	BodyHash string `json:"bodyHash"`
	Size     int64  `json:"size"`
	Missing  string `json:"missing,omitzero"` // why the bytes are not kept; "" when they are
}

func encodeValue(v any) (jsonv2.Value, error) { return cdp.Encode(v) }

// keep writes a body that came in a message.
func (s *store) keep(body []byte) error {
	sum := sha256.Sum256(body)
	if name := hashName(sum); s.bodies[name] {
		return nil
	} else if len(s.bodies) < 1<<17 { // a memory of hashes, bounded
		s.bodies[name] = true
	}
	return s.body(packBody(sum, body))
}

// note keeps what notes tell in tables of its own.
func (s *store) note(m *inspector.Message) error {
	if m.Kind != inspector.KindNote {
		return nil
	}
	at := s.at
	switch m.Method {
	case NoteCacheSnapshot{}.NoteMethod():
		var n NoteCacheSnapshot
		if cdp.Decode(m.Params, &n) != nil {
			return nil
		}
		entries := len(n.Entries)
		if n.Deleted {
			entries = -1
		}
		return s.exec("INSERT INTO cache_snapshots VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			s.seq, at, m.Instance, m.Context, n.StorageKey, n.Bucket, n.Cache, entries)
	case NoteScript{}.NoteMethod():
		var n NoteScript
		if cdp.Decode(m.Params, &n) != nil {
			return nil
		}
		if err := s.script(at, n.Version, n.ScriptURL, n.ScriptURL, n.BodyHash); err != nil {
			return err
		}
		for _, i := range n.Imports {
			if err := s.script(at, n.Version, n.ScriptURL, i.URL, i.BodyHash); err != nil {
				return err
			}
		}
	case inspector.NoteScripts{}.NoteMethod():
		var n inspector.NoteScripts
		if cdp.Decode(m.Params, &n) != nil {
			return nil
		}
		return s.sources(at, n)
	}
	return nil
}

// sources keeps the scripts that the inspector read from a debugger.
func (s *store) sources(at int64, n inspector.NoteScripts) error {
	main := ""
	for _, script := range n.Scripts {
		if script != nil && script.Main {
			main = script.URL
		}
	}
	for _, script := range n.Scripts {
		if script == nil || script.Source == "" {
			continue
		}
		if err := s.keep([]byte(script.Source)); err != nil {
			return err
		}
		if err := s.script(at, n.Version, main, script.URL, HashOf([]byte(script.Source))); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) script(at int64, version, main, url, hash string) error {
	key := version + "\x00" + main + "\x00" + url + "\x00" + hash
	if s.scripts[key] {
		return nil
	}
	s.scripts[key] = true
	return s.exec("INSERT INTO scripts VALUES (?, ?, ?, ?, ?, ?)", s.seq, at, version, main, url, hash)
}
