package inspector

import (
	"context"
	"sync"

	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/network"

	"github.com/swinspect/swinspect/cdp"
)

// maxBodyJobs bounds the bodies that wait to be read; bodyReaders read at a time.
const (
	maxBodyJobs = 4096
	bodyReaders = 8
)

// bodyReader reads bodies of a link and folds them as replies.
type bodyReader struct {
	c    *Capture
	l    *link
	jobs chan bodyJob
	wg   sync.WaitGroup
}

// bodyJob is a body to read.
type bodyJob struct {
	x      *captured
	id     string
	method string // Network.getResponseBody or getRequestPostData
	tooBig bool
}

func (r *bodyReader) start(ctx context.Context) {
	for range bodyReaders {
		r.wg.Go(func() {
			for {
				select {
				case j := <-r.jobs:
					r.read(ctx, j)
					r.c.done()
				case <-ctx.Done():
					return
				}
			}
		})
	}
}

// done is told of every job that is over.
func (c *Capture) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reading--; c.reading == 0 {
		close(c.idle)
		c.idle = make(chan struct{})
	}
}

// add asks for the body of a response that has ended. It does not block.
func (r *bodyReader) add(x *captured, e cdp.Event) {
	p, ok := decode[struct {
		RequestID         string  `json:"requestId"`
		EncodedDataLength float64 `json:"encodedDataLength"`
	}](e.Params)
	if ok && p.RequestID != "" {
		r.enqueue(bodyJob{x: x, id: p.RequestID, method: network.GetResponseBody.Method, tooBig: p.EncodedDataLength > float64(r.c.o.MaxBody)})
	}
}

// addPost asks for a request's body that its event left out.
func (r *bodyReader) addPost(x *captured, e cdp.Event) {
	p, ok := decode[struct {
		RequestID string `json:"requestId"`
		Request   struct {
			HasPostData bool    `json:"hasPostData"`
			PostData    *string `json:"postData"`
		} `json:"request"`
	}](e.Params)
	if ok && p.Request.HasPostData && p.Request.PostData == nil {
		r.enqueue(bodyJob{x: x, id: p.RequestID, method: network.GetRequestPostData.Method})
	}
}

func (r *bodyReader) enqueue(j bodyJob) {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	select {
	case r.jobs <- j:
		r.c.reading++
	default:
		r.c.lost++
	}
}

// read reads a body and folds the reply, with its error when there was one.
func (r *bodyReader) read(ctx context.Context, j bodyJob) {
	params, err := cdp.Encode(map[string]string{"requestId": j.id})
	if err != nil {
		return
	}
	m := Message{Kind: KindReply, Instance: r.l.instance, Context: j.x.place.context, Target: j.x.target, Method: j.method, Params: params}
	if j.tooBig {
		m.Error = "too large to be recorded"
	} else {
		var result jsonv2.Value
		if err := j.x.session.Call(ctx, j.method, map[string]string{"requestId": j.id}, &result); err != nil {
			if ctx.Err() != nil {
				return
			}
			m.Error = err.Error()
		}
		m.Result = result
	}
	m.Time = r.l.b.now()
	r.l.b.fold(m)
}
