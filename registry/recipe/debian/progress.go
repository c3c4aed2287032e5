// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// follow has a command of apt tell how far it is, on a file of its own. Done must be called
// after the command ended, or failed to start.
func follow(cmd *exec.Cmd, progress func(percent float64, text string)) (done func(), err error) {
	if progress == nil {
		return func() {}, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = []*os.File{w}
	cmd.Args = append([]string{cmd.Args[0], "-o", "APT::Status-Fd=3"}, cmd.Args[1:]...)
	var reading sync.WaitGroup
	reading.Go(func() {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			if percent, text, ok := statusLine(lines.Text()); ok {
				progress(percent, text)
			}
		}
	})
	return func() {
		_ = w.Close()
		reading.Wait()
		_ = r.Close()
	}, nil
}

// statusLine reads a line like dlstatus:1:20.5:Retrieving file 1 of 3.
func statusLine(line string) (percent float64, text string, ok bool) {
	fields := strings.SplitN(line, ":", 4)
	if len(fields) != 4 || fields[0] != "dlstatus" {
		return 0, "", false
	}
	percent, err := strconv.ParseFloat(fields[2], 64)
	return percent, fields[3], err == nil
}
