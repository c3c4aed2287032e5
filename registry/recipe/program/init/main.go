// SPDX-License-Identifier: Apache-2.0

// Command init starts several programs in a container and is the parent of all that runs
// there: it starts again what ends, passes signals on, reaps what others leave, and stops
// all in reverse order. It is compiled into images whose recipes have several processes.
//
//	init           runs the processes of /etc/linkspan/init.json
//	init check     says by its exit status whether all of them run
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
)

func main() {
	file := flag.String("f", "/etc/linkspan/init.json", "`file` with the processes")
	status := flag.String("status", "/run/linkspan-init.json", "`file` that says what runs")
	flag.Parse()
	var err error
	if flag.Arg(0) == "check" {
		err = check(*status)
	} else {
		err = run(*file, *status)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "linkspan-init:", err)
		os.Exit(1)
	}
}

func run(file, status string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var config struct {
		Processes []*process `json:"processes"`
	}
	if err := json.Unmarshal(text, &config); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	s := &supervisor{all: config.Processes, status: status}
	return s.run()
}
