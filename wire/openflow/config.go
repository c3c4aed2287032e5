// SPDX-License-Identifier: Apache-2.0

package openflow

// GetConfigRequest asks for the switch's configuration (spec 7.3.2).
type GetConfigRequest struct{}

// Append appends the message.
func (*GetConfigRequest) Append(b []byte, xid uint32) []byte {
	return appendEmpty(b, TypeGetConfigRequest, xid)
}

// Config is the switch's configuration of fragments and misses (spec 7.3.2).
type Config struct {
	Flags uint16 // 0 normal, 1 drop, 2 reassemble fragments
	// MissSendLen is how many bytes of a packet without a buffer are sent; on a
	// service connection of Open vSwitch it is 0 at first, which mutes it.
	MissSendLen uint16
}

// Append appends a SET_CONFIG.
func (c *Config) Append(b []byte, xid uint32) []byte { return c.append(b, TypeSetConfig, xid) }

// AppendReply appends a GET_CONFIG_REPLY, as a switch does.
func (c *Config) AppendReply(b []byte, xid uint32) []byte {
	return c.append(b, TypeGetConfigReply, xid)
}

func (c *Config) append(b []byte, t Type, xid uint32) []byte {
	start := len(b)
	return finish(a16(a16(begin(b, t, xid), c.Flags), c.MissSendLen), start)
}

// Decode reads a GET_CONFIG_REPLY or a SET_CONFIG.
func (c *Config) Decode(m Message) error {
	b, err := m.expectEither(TypeGetConfigReply, TypeSetConfig, 4)
	if err != nil {
		return err
	}
	c.Flags, c.MissSendLen = u16(b, 0), u16(b, 2)
	return nil
}
