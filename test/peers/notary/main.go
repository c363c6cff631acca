// Signs and verifies with notation-go: lines of JSON on stdin say what, and each is answered with one on stdout.
//
//	notary sign              an envelope each, with its certificates and the signer's key
//	notary verify            what notation-go says of an envelope, or of what is attached to an image
//	notary verify -times N   the same, and how long one verification takes
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	flags := flag.NewFlagSet("notary", flag.ExitOnError)
	times := flags.Int("times", 0, "how many times each is verified, in each of five turns after one that does not count")
	if len(os.Args) < 2 {
		log.Fatal("notary sign | notary verify")
	}
	if err := flags.Parse(os.Args[2:]); err != nil {
		log.Fatal(err)
	}
	switch os.Args[1] {
	case "sign":
		makes := newMaker()
		answer(func(request signRequest) any { return makes.sign(request) })
	case "verify":
		answer(func(request verifyRequest) any { return verify(request, *times) })
	default:
		log.Fatalf("%s: neither sign nor verify", os.Args[1])
	}
}

// answer ends with the first line that is no request.
func answer[R any](ask func(R) any) {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var request R
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(ask(request)); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
