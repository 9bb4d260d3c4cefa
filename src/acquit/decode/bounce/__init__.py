"""Reading of mails that machines write about mails: their parts, reports, free text and the message that they are about.

Bounces are as old as mail and follow no form for long. So what a mail is made of decides, as widely as can be (a report, a
header block, an address that leads its line), and no product's name.
"""
