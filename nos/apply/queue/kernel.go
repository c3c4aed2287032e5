// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// The one filter at a device: number and priority among others, kind (tc(8)).
const (
	handle   = 1
	priority = 1
	kind     = "bpf"
)

// errNone says that a device has no such filter, or no queues, or is not there.
var errNone = errors.New("there is none") // never changed

// message begins a message about the filter of a device.
func message(device string, kindOf, flags int) (*nl.NetlinkRequest, *nl.TcMsg, error) {
	link, err := net.InterfaceByName(device)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errNone, err)
	}
	req := nl.NewNetlinkRequest(kindOf, flags)
	m := &nl.TcMsg{Family: nl.FAMILY_ALL, Ifindex: int32(link.Index), Parent: discipline, Handle: handle,
		Info: priority<<16 | uint32(nl.Swap16(unix.ETH_P_ALL))}
	req.AddData(m)
	return req, m, nil
}

// put makes a device's filter, or replaces it.
func put(device string, program []instruction) error {
	req, _, err := message(device, unix.RTM_NEWTFILTER, unix.NLM_F_CREATE|unix.NLM_F_REPLACE|unix.NLM_F_ACK)
	if err != nil {
		return err
	}
	req.AddData(nl.NewRtAttr(nl.TCA_KIND, nl.ZeroTerminated(kind)))
	options := nl.NewRtAttr(nl.TCA_OPTIONS, nil)
	options.AddRtAttr(nl.TCA_BPF_OPS_LEN, nl.Uint16Attr(uint16(len(program))))
	options.AddRtAttr(nl.TCA_BPF_OPS, encode(program))
	req.AddData(options)
	if _, err = req.Execute(unix.NETLINK_ROUTE, 0); err != nil {
		return fmt.Errorf("filter at the queues of %s: %w", device, err)
	}
	return nil
}

// remove takes a device's filter away; none is fine.
func remove(device string) error {
	if _, err := get(device); errors.Is(err, errNone) {
		return nil
	}
	req, _, err := message(device, unix.RTM_DELTFILTER, unix.NLM_F_ACK)
	if err == nil {
		req.AddData(nl.NewRtAttr(nl.TCA_KIND, nl.ZeroTerminated(kind)))
		_, err = req.Execute(unix.NETLINK_ROUTE, 0)
	}
	if err != nil && !gone(err) {
		return fmt.Errorf("filter at the queues of %s: %w", device, err)
	}
	return nil
}

// gone says that what an error is about is not there: the kernel says EINVAL of a discipline
// that is not.
func gone(err error) bool {
	return errors.Is(err, errNone) || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EINVAL)
}

// get returns the program of a device's filter. The error is errNone if there is none.
func get(device string) ([]byte, error) {
	req, m, err := message(device, unix.RTM_GETTFILTER, unix.NLM_F_DUMP)
	if err != nil {
		return nil, err
	}
	m.Handle, m.Info = 0, 0
	replies, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWTFILTER)
	if err != nil && !gone(err) {
		return nil, fmt.Errorf("filters at the queues of %s: %w", device, err)
	}
	for _, reply := range replies {
		if len(reply) < nl.SizeofTcMsg {
			continue
		}
		of := nl.DeserializeTcMsg(reply)
		if of.Handle != handle || of.Info>>16 != priority {
			continue
		}
		if program, ok := programOf(reply[nl.SizeofTcMsg:]); ok {
			return program, nil
		}
	}
	return nil, errNone
}

// programOf finds the program in the attributes of a filter.
func programOf(b []byte) ([]byte, bool) {
	attrs, err := nl.ParseRouteAttr(b)
	if err != nil {
		return nil, false
	}
	for _, a := range attrs {
		if a.Attr.Type != nl.TCA_OPTIONS {
			continue
		}
		inner, err := nl.ParseRouteAttr(a.Value)
		if err != nil {
			return nil, false
		}
		if i := slices.IndexFunc(inner, func(o syscall.NetlinkRouteAttr) bool { return o.Attr.Type == nl.TCA_BPF_OPS }); i >= 0 {
			return inner[i].Value, true
		}
	}
	return nil, false
}

// encode writes a program as the kernel reads it.
func encode(program []instruction) []byte {
	var b []byte
	for _, i := range program {
		b = append(binary.NativeEndian.AppendUint16(b, i.Code), i.Jt, i.Jf)
		b = binary.NativeEndian.AppendUint32(b, i.K)
	}
	return b
}
