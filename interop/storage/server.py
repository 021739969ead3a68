# ruff: noqa: INP001 - run as a file, in an environment that has no hegui
"""A third party's S3 server (moto), with its authorisation on: signatures are checked by botocore.

    python server.py PORT

Prints a line of JSON with the keys once it takes requests, and runs until its input ends.
"""

import json
import os
import sys

FIRST = 4  # actions below, after which every request must be signed
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(FIRST)

import boto3  # noqa: E402 - the server reads the environment when it is imported
from moto.server import ThreadedMotoServer  # noqa: E402 - see above

PORT = int(sys.argv[1])
BUCKET = "hegui-interop"
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}

server = ThreadedMotoServer(ip_address="127.0.0.1", port=PORT, verbose=False)
server.start()
said = {
    "endpoint_url": f"http://127.0.0.1:{PORT}",
    "region_name": "us-east-1",
    "aws_access_key_id": "first",
    "aws_secret_access_key": "first",
}
iam = boto3.client("iam", **said)
iam.create_user(UserName="hegui")
iam.put_user_policy(UserName="hegui", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
key = iam.create_access_key(UserName="hegui")["AccessKey"]
boto3.client("s3", **said).create_bucket(Bucket=BUCKET)
ours = {"access": key["AccessKeyId"], "secret": key["SecretAccessKey"], "bucket": BUCKET}
sys.stdout.write(json.dumps(ours) + "\n")
sys.stdout.flush()
sys.stdin.read()
server.stop()
