package recording

import (
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/cdp"
)

func itoa(n int) string { return strconv.Itoa(n) }

// timings are the spans of HAR, in milliseconds, from the moments of CDP. Nothing is
// told twice: connect includes ssl, and time is the sum of all others.
func (e *exporting) timings() {
	t := &e.e.Timings
	t.Blocked, t.DNS, t.Connect, t.SSL = harPointer(-1), harPointer(-1), harPointer(-1), harPointer(-1)
	begin := e.sent.Timestamp
	end := e.ended
	if end < begin {
		end = begin
	}
	if e.got == nil {
		t.Blocked = harPointer((end - begin) * 1000)
		e.e.Time = *t.Blocked
		return
	}
	answered := max(begin, e.got.at)
	if end < answered {
		end = answered
	}
	sent := begin // when the request was with its server or worker
	if w := e.got.Timing; w != nil && w.RequestTime > 0 {
		sent = e.connection(w, begin, answered)
	}
	t.Wait = harNumber(max(0, (answered-sent)*1000))
	t.Receive = harNumber((end - answered) * 1000)
	total := 0.0
	for _, part := range []float64{t.Blocked.of(), t.DNS.of(), t.Connect.of(), float64(t.Send), float64(t.Wait), float64(t.Receive)} {
		total += max(0, part)
	}
	e.e.Time = harNumber(total)
}

// connection fills in what happened before the request was sent, and gives the moment
// when it was.
func (e *exporting) connection(w *exportTiming, begin, answered float64) float64 {
	t := &e.e.Timings
	first := firstOf(w.DNSStart, w.ConnStart, w.SendStart)
	queued := max(0, (w.RequestTime-begin)*1000)
	t.Queueing = harPointer(queued)
	t.Blocked = harPointer(queued + max(0, first))
	last := max(0, first)
	if w.DNSEnd >= 0 && w.DNSStart >= 0 {
		t.DNS = harPointer(w.DNSEnd - w.DNSStart)
		last = max(last, w.DNSEnd)
	}
	if w.ConnEnd >= 0 && w.ConnStart >= 0 {
		t.Connect = harPointer(w.ConnEnd - w.ConnStart)
		last = max(last, w.ConnEnd)
		if w.SSLEnd > 0 {
			t.SSL = harPointer(w.SSLEnd - w.SSLStart)
		}
	}
	if w.SendEnd >= 0 && w.SendStart >= 0 {
		t.Send = harNumber(max(0, w.SendEnd-w.SendStart))
		last = max(last, w.SendEnd)
	}
	told := func(ms float64) *harNumber {
		if ms < 0 {
			return nil
		}
		return harPointer(ms)
	}
	t.WorkerStart, t.WorkerReady = told(w.WorkerStart), told(w.WorkerReady)
	t.WorkerFetchStart, t.RespondWithSettled = told(w.WorkerFetchStart), told(w.RespondWithSettled)
	t.RouterEvaluation, t.CacheLookup = w.RouterEvaluation, w.CacheLookup
	return min(w.RequestTime+last/1000, answered)
}

// firstOf is the smallest that is not negative; -1 when all are.
func firstOf(values ...float64) float64 {
	first := -1.0
	for _, v := range values {
		if v >= 0 && (first < 0 || v < first) {
			first = v
		}
	}
	return first
}

// harCookies lists the cookies of a Cookie or Set-Cookie header.
func harCookies(headers []harHeader, name string) []jsonv2.Value {
	cookies := noValues
	for _, h := range headers {
		if !strings.EqualFold(string(h.Name), name) || h.Value == Redacted {
			continue
		}
		parts := strings.Split(string(h.Value), ";")
		if name == "set-cookie" {
			parts = parts[:1] // what follows are its attributes
		}
		for _, part := range parts {
			key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			if c, err := cdp.Encode(harHeader{harText(key), harText(value)}); err == nil && key != "" {
				cookies = append(cookies, c)
			}
		}
	}
	return cookies
}
