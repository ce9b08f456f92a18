"""What somebody does in the emulated account while nobody looks: for ./demo."""

import boto3


def client(service: str, region: str):
    return boto3.client(service, region_name=region)


client("cloudtrail", "us-east-1").stop_logging(Name="baseline")
guardduty = client("guardduty", "eu-west-1")
detector = guardduty.list_detectors()["DetectorIds"][0]
guardduty.update_detector(DetectorId=detector, Enable=False)
