"""From county workbooks to the published report on community governance in Taizhou."""
