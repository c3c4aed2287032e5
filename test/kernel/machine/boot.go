// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

const (
	memory = "2G"
	// One processor. With more, each emulated by a thread of its own, qemu 7.2
	// may keep a breakpoint that the kernel had put into its own code for a
	// moment (text_poke_bp), and both processors trap on it for ever.
	processors = "1"
	// The oldest model with what x86-64-v2 has. Newer ones have wide vectors,
	// which emulation does one lane at a time. And random numbers, for which a
	// machine without devices waits long.
	model = "Nehalem,+rdrand"
	// What the emulated processor counts is the host's counter; the kernel would
	// else read a clock that is emulated, which is hundreds of times slower.
	// There is nobody to attack. A kernel that is stuck ends instead of waiting
	// for the caller's patience.
	kernelLine = "console=ttyS0 panic=-1 tsc=reliable mitigations=off watchdog_thresh=60 softlockup_panic=1"
	lastWords  = "machine: exit status "
)

// ErrNoEnd is returned by Boot when the machine went off before its command
// had ended; what the kernel printed last is in Console.
var ErrNoEnd = errors.New("the machine went off before its command ended")

// ExitError is returned by Boot when the command failed.
type ExitError int

func (e ExitError) Error() string {
	return "the command ended with exit status " + strconv.Itoa(int(e))
}

// Boot writes the disk, switches the machine on, runs the shell command in it
// and returns when the machine is off, or ctx ends. Each line that the command
// prints goes to print at once, in the caller's goroutine. Errors: ExitError,
// ErrNoEnd, and whatever keeps qemu from running.
func (m *Machine) Boot(ctx context.Context, command string, print func(line string)) error {
	if err := os.WriteFile(m.root("command"), []byte(command+"\n"), 0o644); err != nil {
		return err
	}
	if err := m.writeDisk(ctx); err != nil {
		return fmt.Errorf("make the disk: %w", err)
	}
	if err := m.writeInitramfs(ctx); err != nil {
		return fmt.Errorf("make the initramfs: %w", err)
	}
	// The machine dies with the thread that started it, so with this program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	qemu := exec.CommandContext(ctx, "qemu-system-x86_64", m.arguments()...)
	qemu.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	complaints := new(strings.Builder)
	qemu.Stderr = complaints
	serial, err := qemu.StdoutPipe()
	if err != nil {
		return err
	}
	if err := qemu.Start(); err != nil {
		return err
	}
	status, reading := relay(bufio.NewScanner(serial), print)
	if err := errors.Join(reading, qemu.Wait()); err != nil {
		return errors.Join(context.Cause(ctx), fmt.Errorf("qemu: %w: %s", err, complaints))
	}
	return status
}

// relay passes lines on until the end and returns what the last one says.
func relay(lines *bufio.Scanner, print func(string)) (status, reading error) {
	status = ErrNoEnd
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), "\r")
		number, last := strings.CutPrefix(line, lastWords)
		if n, err := strconv.Atoi(number); last && err == nil {
			if status = nil; n != 0 {
				status = ExitError(n)
			}
			continue
		}
		print(line)
	}
	return status, lines.Err()
}

func (m *Machine) arguments() []string {
	return []string{
		"-accel", "tcg,thread=single", "-machine", "q35", "-cpu", model, "-smp", processors, "-m", memory,
		"-kernel", m.kernel + "/boot/vmlinuz-" + m.release, "-initrd", m.initramfs(), "-append", kernelLine,
		"-drive", "file=" + m.disk() + ",if=virtio,format=raw,cache=unsafe",
		"-nodefaults", "-nic", "none", "-display", "none", "-no-reboot",
		"-serial", "file:" + m.Console(), "-serial", "stdio",
	}
}
