// Serve runs the fixture sites until interrupted, to look at them and at
// swinspect's pages with something to show:
//
//	go run ./internal/testsite/serve -addr 127.0.0.1:8765
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/swinspect/swinspect/internal/testsite"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8765", "address to listen on")
	flag.Parse()
	site, err := testsite.New(*addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer site.Close()
	fmt.Println("fixtures at", site.Origin(0)+"/", "and", site.OtherSite()+"/")
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)
	<-end
}
