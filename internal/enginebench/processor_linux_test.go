package enginebench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// onOneCPU runs start, whose child processes get the machine's last CPU and no other.
func onOneCPU(start func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := affinity()
	if err != nil {
		return err
	}
	last := 0
	for i := range before.count() {
		if before.has(i) {
			last = i
		}
	}
	var one cpus
	one[last/64] = 1 << (last % 64)
	if err := setAffinity(one); err != nil {
		return err
	}
	defer func() { _ = setAffinity(before) }() // what was just in force
	return start()
}

// cpus is a set of processors, as the kernel has it.
type cpus [16]uint64

func (c cpus) count() int     { return 64 * len(c) }
func (c cpus) has(i int) bool { return c[i/64]&(1<<(i%64)) != 0 }

func affinity() (c cpus, err error) {
	if _, _, e := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(c), uintptr(unsafe.Pointer(&c))); e != 0 {
		err = fmt.Errorf("sched_getaffinity: %w", e)
	}
	return c, err
}

func setAffinity(c cpus) error {
	if _, _, e := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(c), uintptr(unsafe.Pointer(&c))); e != 0 {
		return fmt.Errorf("sched_setaffinity: %w", e)
	}
	return nil
}

// computed is the processor time of this process and its descendants, but for one of
// them; a descendant that has ended is not counted.
func computed(without int) time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	sum := time.Duration(u.Utime.Nano() + u.Stime.Nano())
	for _, p := range descendants(os.Getpid()) {
		if p.pid != without {
			sum += p.computed
		}
	}
	return sum
}

type process struct {
	pid, parent int
	computed    time.Duration
	resident    int64 // bytes
}

// tick is the kernel's unit of processor time, USER_HZ.
const tick = 10 * time.Millisecond

func processes() []process {
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is fine
	var all []process
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended
		}
		// The name, in parentheses, may hold blanks.
		i := strings.LastIndexByte(string(text), ')')
		fields := strings.Fields(string(text[i+1:]))
		if len(fields) < 22 {
			continue
		}
		number := func(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }
		all = append(all, process{
			pid: int(number(filepath.Base(filepath.Dir(f)))), parent: int(number(fields[1])),
			computed: time.Duration(number(fields[11])+number(fields[12])) * tick,
			resident: number(fields[21]) * int64(os.Getpagesize()),
		})
	}
	return all
}

// descendants are the children of a process, their children and so on.
func descendants(of int) []process {
	all := processes()
	below := map[int]bool{of: true}
	var found []process
	for grown := true; grown; {
		grown = false
		for _, p := range all {
			if below[p.parent] && !below[p.pid] {
				below[p.pid], grown = true, true
				found = append(found, p)
			}
		}
	}
	return found
}

// resident is the memory of the descendants of this process, but for one, in bytes.
func resident(without int) int64 {
	var sum int64
	for _, p := range descendants(os.Getpid()) {
		if p.pid != without {
			sum += p.resident
		}
	}
	return sum
}
