package tunnel_test
import ("testing";"time";"fmt";"github.com/linkspan/linkspan/ovs/tunnel")
func TestExpNonRootPacketSocket(t *testing.T){
 a,b:=pair(t,false); ta,_:=joined(t,a,b)
 var from,to *tap
 a.do(func() error { return asNobodyCap(func() (err error){from,err=openTap("lsvx");return}) })
 b.do(func()(err error){to,err=openTap("lsvx");return})
 defer from.close(); defer to.close()
 err:=from.write(frame(b.mac,a.mac,"x-nonroot"))
 fmt.Println("write",err,"await",to.await("x-nonroot",2*time.Second))
 a.do(func() error { n,_:=ta.Dropped(t.Context()); fmt.Println("dropped",n); return nil})
 _ = tunnel.Config{}
 // upgrade of a table of another shape
}
func asNobodyCap(fn func() error) error { return asNobody(fn) }
