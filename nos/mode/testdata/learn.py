# SPDX-License-Identifier: Apache-2.0
"""A switch that learns, for os-ken: what it has not learnt comes up. It deletes all flows when it
connects, as many controllers do."""
from os_ken.base.app_manager import OSKenApp
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import ethernet, packet
from os_ken.ofproto import ofproto_v1_3


class Learn(OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.at = {}

    def flow(self, dp, priority, match, out, command=None):
        ofp, make = dp.ofproto, dp.ofproto_parser
        do = [make.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, out)] if out else []
        dp.send_msg(make.OFPFlowMod(
            datapath=dp, table_id=0, priority=priority, match=match, instructions=do,
            command=ofp.OFPFC_ADD if command is None else command, out_port=ofp.OFPP_ANY, out_group=ofp.OFPG_ANY))

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def begin(self, ev):
        dp = ev.msg.datapath
        ofp, make = dp.ofproto, dp.ofproto_parser
        self.flow(dp, 0, make.OFPMatch(), None, ofp.OFPFC_DELETE)
        self.flow(dp, 0, make.OFPMatch(), [make.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)])

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def up(self, ev):
        dp, msg = ev.msg.datapath, ev.msg
        ofp, make = dp.ofproto, dp.ofproto_parser
        port, frame = msg.match["in_port"], packet.Packet(msg.data).get_protocol(ethernet.ethernet)
        self.at[frame.src] = port
        out = [make.OFPActionOutput(self.at.get(frame.dst, ofp.OFPP_FLOOD))]
        if frame.dst in self.at:
            self.flow(dp, 1, make.OFPMatch(in_port=port, eth_dst=frame.dst), out)
        dp.send_msg(make.OFPPacketOut(datapath=dp, buffer_id=ofp.OFP_NO_BUFFER, in_port=port, actions=out, data=msg.data))
