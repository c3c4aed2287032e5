// SPDX-License-Identifier: Apache-2.0

// Command probe is what the end-to-end tests run in containers: it answers, asks,
// keeps a conversation going, and sends frames as no honest kernel does. It is
// static, so that any image can run it, and it is no part of the product.
//
//	probe serve :7000                        answer by TCP and UDP with the host's name
//	probe ask [-wait 10s] tcp 10.7.0.2:7000  print who answers
//	probe from tcp 10.7.0.2:7000             print from which address who answers there is asked
//	probe converse 10.7.0.2:7000 FILE        talk on one connection, and by UDP, for ever
//	probe frame eth0 HEX...                  send Ethernet frames
//	probe segment eth0 MAC ADDRESS LENGTH... send TCP segments larger than a frame
//	probe rows eth0 tcp/80 udp/53...         take part in rows of the table of verdicts
//	probe hear eth0                          print each frame that comes in
//	probe pour 10.7.0.2:7000                 pour text through a connection, and count datagrams
package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	verb := ""
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	switch {
	case verb == "serve" && len(args) == 1:
		return serve(args[0])
	case verb == "ask" && len(args) == 2:
		return ask(args[0], args[1], 20*time.Second)
	case verb == "ask" && len(args) == 4 && args[0] == "-wait":
		wait, err := time.ParseDuration(args[1])
		if err != nil {
			return err
		}
		return ask(args[2], args[3], wait)
	case verb == "from" && len(args) == 2:
		return from(args[0], args[1])
	case verb == "converse" && len(args) == 2:
		return converse(args[0], args[1])
	case verb == "frame" && len(args) > 1:
		return sendFrames(args[0], args[1:])
	case verb == "segment" && len(args) > 3:
		return sendSegments(args[0], args[1], args[2], args[3:])
	}
	return inhabit(verb, args)
}

// inhabit does what goes on until the standard input ends.
func inhabit(verb string, args []string) error {
	switch {
	case verb == "rows" && len(args) > 0:
		return rows(args[0], args[1:], os.Stdin, os.Stdout)
	case verb == "hear" && len(args) == 1:
		return hear(args[0], allFrames, func(frame []byte) { fmt.Println(hex.EncodeToString(frame)) })
	case verb == "pour" && len(args) == 1:
		return pour(0, args[0], os.Stdin, os.Stdout)
	case verb == "pour" && len(args) == 3 && args[0] == "-from":
		port, err := strconv.ParseUint(args[1], 10, 16)
		if err != nil {
			return err
		}
		return pour(int(port), args[2], os.Stdin, os.Stdout)
	}
	return fmt.Errorf("wrong usage: %q", os.Args)
}
