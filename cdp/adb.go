package cdp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// adbServer is the address of the Android debug bridge's server on this machine.
// It is spoken to directly: running the adb command would start a server, which a
// look around must not do.
func adbServer() string {
	if socket, found := strings.CutPrefix(os.Getenv("ADB_SERVER_SOCKET"), "tcp:"); found {
		if !strings.Contains(socket, ":") {
			socket = "127.0.0.1:" + socket
		}
		return socket
	}
	if port := os.Getenv("ANDROID_ADB_SERVER_PORT"); port != "" {
		return "127.0.0.1:" + port
	}
	return "127.0.0.1:5037"
}

// adbDevice is one line of "host:devices-l".
type adbDevice struct {
	serial, state, model string
}

// adb is one server of the Android debug bridge.
type adb struct{ address string }

// adbLimit bounds an answer, in bytes.
const adbLimit = 1 << 20

// devices lists what is plugged in, in whatever state.
func (a adb) devices(ctx context.Context) ([]adbDevice, error) {
	answer, err := a.ask(ctx, "host:devices-l")
	if err != nil {
		return nil, err
	}
	var found []adbDevice
	for line := range strings.Lines(answer) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		d := adbDevice{serial: words[0], state: words[1]}
		for _, word := range words[2:] {
			if model, ok := strings.CutPrefix(word, "model:"); ok {
				d.model = strings.ReplaceAll(model, "_", " ")
			}
		}
		found = append(found, d)
	}
	return found, nil
}

// sockets lists the DevTools sockets of a device: chrome_devtools_remote, and
// webview_devtools_remote_PID of apps that allow it.
func (a adb) sockets(ctx context.Context, serial string) ([]string, error) {
	c, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }() // read to its end
	if err := c.request("host:transport:" + serial); err != nil {
		return nil, err
	}
	if err := c.request("shell:cat /proc/net/unix"); err != nil {
		return nil, err
	}
	var found []string
	lines := bufio.NewScanner(io.LimitReader(c.Conn, adbLimit))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		name := strings.TrimPrefix(words[len(words)-1], "@")
		if strings.HasSuffix(name, "_devtools_remote") || strings.Contains(name, "_devtools_remote_") {
			found = append(found, name)
		}
	}
	return distinct(found), lines.Err()
}

// forward opens a local port that leads to a socket of the device. An existing
// one is used again.
func (a adb) forward(ctx context.Context, serial, socket string) (int, error) {
	if port := a.forwarded(ctx, serial, socket); port != 0 {
		return port, nil
	}
	c, err := a.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }() // answered
	if err := c.request(fmt.Sprintf("host-serial:%s:forward:tcp:0;localabstract:%s", serial, socket)); err != nil {
		return 0, err
	}
	if err := c.okay(); err != nil { // one for the request, one for what it did
		return 0, err
	}
	answer, err := c.text()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(answer))
}

// forwarded is the local port that leads to the socket already, 0 for none.
func (a adb) forwarded(ctx context.Context, serial, socket string) int {
	list, err := a.ask(ctx, "host:list-forward")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(list) {
		words := strings.Fields(line)
		if len(words) == 3 && words[0] == serial && words[2] == "localabstract:"+socket {
			port, err := strconv.Atoi(strings.TrimPrefix(words[1], "tcp:"))
			if err == nil {
				return port
			}
		}
	}
	return 0
}

// ask is one request that is answered with a text.
func (a adb) ask(ctx context.Context, request string) (string, error) {
	c, err := a.connect(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }() // answered
	if err := c.request(request); err != nil {
		return "", err
	}
	return c.text()
}

// adbConn is one connection: a request is four hexadecimal digits of length and
// the text; the answer OKAY or FAIL with a text of the same form.
type adbConn struct{ net.Conn }

func (a adb) connect(ctx context.Context) (adbConn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", a.address)
	if err != nil {
		return adbConn{}, fmt.Errorf("adb: %w", err)
	}
	deadline := time.Now().Add(askWithin)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	return adbConn{c}, c.SetDeadline(deadline)
}

func (c adbConn) request(text string) error {
	if _, err := fmt.Fprintf(c, "%04x%s", len(text), text); err != nil {
		return fmt.Errorf("adb: %s: %w", text, err)
	}
	if err := c.okay(); err != nil {
		return fmt.Errorf("adb: %s: %w", text, err)
	}
	return nil
}

func (c adbConn) okay() error {
	var status [4]byte
	if _, err := io.ReadFull(c, status[:]); err != nil {
		return err
	}
	if string(status[:]) == "OKAY" {
		return nil
	}
	why, err := c.text()
	if err != nil {
		return err
	}
	return errors.New(why)
}

func (c adbConn) text() (string, error) {
	var length [4]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return "", err
	}
	n, err := strconv.ParseUint(string(length[:]), 16, 16)
	if err != nil {
		return "", fmt.Errorf("adb: an answer of odd length %q", length)
	}
	b := make([]byte, n)
	_, err = io.ReadFull(c, b)
	return string(b), err
}

// resolveADB attaches to a browser of an Android device: "adb:" for the only
// device, "adb:SERIAL", "adb:SERIAL/SOCKET".
func (r resolver) resolveADB(ctx context.Context, where string) (Endpoint, error) {
	bridge := adb{adbServer()}
	serial, socket, _ := strings.Cut(where, "/")
	devices, err := bridge.devices(ctx)
	if err != nil {
		return Endpoint{}, r.fail(err, "run: adb start-server", "the Android debug bridge does not answer on %s", bridge.address)
	}
	device, err := r.pickDevice(devices, serial)
	if err != nil {
		return Endpoint{}, err
	}
	if socket == "" {
		socket = "chrome_devtools_remote"
	}
	port, err := bridge.forward(ctx, device.serial, socket)
	if err != nil {
		return Endpoint{}, r.fail(err, "allow USB debugging on the device and start Chrome there", "the device %s cannot be reached: %v", device.serial, err)
	}
	return r.discover(ctx, &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)})
}

func (r resolver) pickDevice(devices []adbDevice, serial string) (adbDevice, error) {
	if serial == "" && len(devices) == 1 {
		return devices[0], nil
	}
	var names []string
	for _, d := range devices {
		if d.serial == serial {
			return d, nil
		}
		names = append(names, "adb:"+d.serial)
	}
	if len(names) == 0 {
		return adbDevice{}, r.fail(nil, "connect one by USB and allow debugging on it", "there is no Android device")
	}
	return adbDevice{}, r.fail(nil, "give one of: "+strings.Join(names, ", "), "no single Android device is meant")
}
